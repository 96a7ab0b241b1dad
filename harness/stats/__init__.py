"""Numbers in, numbers out: the evidence, bounds and plans behind every verdict.

Nothing in this package knows an item, a file or a model, and nothing here draws trials. Runtime
code imports NumPy and ``scipy.special`` only; ``scipy.stats``, statsmodels and mpmath are oracles
of the tests.

``pooled``, ``stratified`` and ``hybrid`` are e-processes: their expectation under the null is at
most 1, so by Ville's inequality they exceed 1/alpha at any time with probability at most alpha.
``boundaries`` turns the pooled one into integer tables, ``exact`` and ``forecast`` say what
deciding will take, ``confseq`` inverts the same processes into bounds, ``spending`` shares alpha
over epochs, ``rates`` holds the one definition of the failure rate, and ``incidents`` treats cases
as drawn from incidents to come.
"""
