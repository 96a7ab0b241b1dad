"""The keys that no record may hold."""

from harness.commands.context import Context
from harness.files.project import LoadedProject
from harness.ports.secrets import SECRET_NAME, SHORTEST_KEY, Secrets


def secrets_of(context: Context, project: LoadedProject) -> Secrets:
    """Return the keys of all models of the project, as far as the environment has them.

    Those that a program is given are keys too.
    """
    models = project.config.models.values()
    names = {model.api_key_env for model in models}
    given = (name for model in models if model.command for name in model.command.env)
    names |= {name for name in given if SECRET_NAME.search(name)}
    names |= {"OPENAI_API_KEY", "ANTHROPIC_API_KEY"}
    held = (context.environ.get(name, "").strip() for name in names if name)
    # What is shorter is no key, and would be found in everything.
    return Secrets(tuple(sorted({key for key in held if len(key) >= SHORTEST_KEY}, key=len)[::-1]))
