"""What stays: names that everybody knows, and what is reserved or plainly made up."""

import re

from harness.anonymize.pattern import pattern
from harness.anonymize.shape import holds

PUBLIC_HOSTS = frozenset(
    """github.com raw.githubusercontent.com api.github.com gist.github.com gitlab.com bitbucket.org
    pypi.org files.pythonhosted.org npmjs.com www.npmjs.com registry.npmjs.org crates.io docs.rs
    pkg.go.dev golang.org go.dev rubygems.org hub.docker.com docker.io docker.com quay.io ghcr.io gcr.io
    registry.k8s.io k8s.gcr.io kubernetes.io python.org www.python.org docs.python.org
    readthedocs.io stackoverflow.com en.wikipedia.org wikipedia.org www.w3.org w3.org json-schema.org
    schema.org developer.mozilla.org google.com www.google.com googleapis.com www.googleapis.com
    api.openai.com openai.com api.anthropic.com anthropic.com docs.anthropic.com huggingface.co
    hooks.slack.com slack.com api.slack.com aws.amazon.com docs.aws.amazon.com amazonaws.com
    cloud.google.com microsoft.com learn.microsoft.com azure.com apache.org www.apache.org
    opentelemetry.io grafana.com prometheus.io debian.org deb.debian.org ubuntu.com
    archive.ubuntu.com nginx.org redis.io postgresql.org www.postgresql.org mysql.com kafka.apache.org
    nodejs.org reactjs.org react.dev djangoproject.com docs.djangoproject.com numpy.org scipy.org
    pytorch.org tensorflow.org opensource.org creativecommons.org ietf.org datatracker.ietf.org
    rfc-editor.org www.rfc-editor.org iana.org unicode.org arxiv.org doi.org youtube.com www.youtube.com twitter.com x.com
    linkedin.com www.linkedin.com reddit.com www.reddit.com medium.com news.ycombinator.com jsonapi.org semver.org
    conventionalcommits.org www.sqlite.org sqlite.org maven.apache.org repo1.maven.org mvnrepository.com
    packages.microsoft.com dl.google.com storage.googleapis.com login.microsoftonline.com
    accounts.google.com oauth2.googleapis.com sentry.io api.stripe.com stripe.com app.datadoghq.com
    api.telegram.org discord.com discordapp.com graph.facebook.com api.twilio.com
    vault.centos.org mirror.centos.org dl-cdn.alpinelinux.org alpinelinux.org gnu.org www.gnu.org
    cdn.jsdelivr.net unpkg.com fonts.googleapis.com fonts.gstatic.com letsencrypt.org
    gmail.com outlook.com hotmail.com yahoo.com icloud.com
    raw.github.com codecov.io travis-ci.org circleci.com shields.io img.shields.io
    jetbrains.com code.visualstudio.com marketplace.visualstudio.com atlassian.com
    crowdstrike.com cve.mitre.org nvd.nist.gov owasp.org chromium.org
    kernel.org www.kernel.org man7.org linux.die.net xmlsoap.org schemas.xmlsoap.org
    schemas.microsoft.com purl.org ns.adobe.com java.sun.com maven.org tools.ietf.org
    docs.docker.com docs.github.com cli.github.com help.github.com
    k8s.io sigs.k8s.io gopkg.in google.golang.org api.sendgrid.com api.mailgun.net api.cloudflare.com
    api.datadoghq.com datadoghq.com datadoghq.eu core.windows.net api.pagerduty.com events.pagerduty.com
    registry.yarnpkg.com yarnpkg.com api.groq.com api.mistral.ai api.cohere.ai generativelanguage.googleapis.com
    registry.gitlab.com docker.gitlab.com index.docker.io registry-1.docker.io auth.docker.io
    registry.terraform.io releases.hashicorp.com developer.hashicorp.com www.terraform.io upload.pypi.org
    test.pypi.org proxy.golang.org sum.golang.org api.linear.app linear.app api.notion.com notion.so
    api.figma.com www.figma.com api.airtable.com airtable.com api.digitalocean.com api.heroku.com
    management.azure.com graph.microsoft.com openrouter.ai api.together.xyz api.perplexity.ai
    api.replicate.com api.deepseek.com api.x.ai helm.sh charts.helm.sh charts.bitnami.com bitnami.com
    mcr.microsoft.com public.ecr.aws packages.cloud.google.com dl.k8s.io get.helm.sh apt.postgresql.org
    download.docker.com get.docker.com deb.nodesource.com rubyonrails.org spring.io repo.maven.apache.org
    search.maven.org plugins.gradle.org services.gradle.org static.crates.io index.crates.io""".split()
)
"""Hosts that say nothing about who speaks of them."""

RESERVED_HOST = pattern(
    r"(?:^|\.)(?:example(?:\.(?:com|org|net|edu))?|test|invalid|localhost|localdomain)$"
    r"|^host\.docker\.internal$|^metadata\.google\.internal$|^kubernetes(?:\.default(?:\.svc(?:\.cluster\.local)?)?)?$",
    re.IGNORECASE,
)
"""RFC 2606 and RFC 6761, and what every container knows by the same name."""

PUBLIC_ADDRESSES = frozenset(
    """1.1.1.1 1.0.0.1 8.8.8.8 8.8.4.4 9.9.9.9 0.0.0.0 255.255.255.255 169.254.169.254 169.254.170.2
    168.63.129.16""".split()
)
"""Resolvers, the metadata services, and what is no machine."""

SYSTEM_USERS = frozenset(
    """root admin administrator ubuntu debian centos fedora ec2-user user users username runner node app
    nobody daemon bin sys mail www www-data nginx apache postgres mysql redis git jenkins ansible
    vagrant docker circleci vscode codespace gitpod default guest public shared all home test me
    service system sysadmin operator anonymous none null runner-user linuxbrew pi core azureuser
    opc bitnami hadoop spark airflow kafka elasticsearch rabbitmq grafana prometheus sandbox
    workspace work build builder ci deploy agent assistant model bot tool jovyan coder oai swe-bench
    localhost host your_user youruser myuser api oauth2 x-access-token x-token-auth __token__
    gitlab-ci-token oauth2accesstoken _json_key staff wheel token""".split()
)
"""Accounts that exist on every machine."""

GENERIC_WORDS = frozenset(
    """true false none null nil undefined yes no on off string str int integer number bool boolean
    object array list dict any text password passwd pwd secret token key apikey api_key value
    username user name email e-mail host hostname localhost database required optional hidden
    redacted masked removed unset unknown empty missing invalid valid expired revoked enabled
    disabled example sample changeme placeholder todo tbd default your_password yourpassword mypassword xxx
    self this env environ config settings input prompt args kwargs request response
    basic bearer digest negotiate header cookie cookies session public private open closed
    ok error failed success denied granted rotated reset refresh access id type new old the a an is was
    are and or not for with from to in of by it be we they you i as at if then else let var const
    returns return function class import async await def file files path dir folder url uri
    stdin stdout stderr main master json yaml xml html csv system prod production staging dev
    development test testing qa debug info warning critical fatal trace notice auth login logout
    authentication authorization credentials credential manager service provider handler
    validation check policy policies field fields column table row rows index schema
    count length size limit max min total usage used budget tokens keys secrets passwords
    n/a na api aws4-hmac-sha256 aws4-ecdsa-p256-sha256""".split()
)
"""Words that stand where a secret might and are none."""

SERVICE_WORDS = frozenset(
    """ledger billing payment payments order orders checkout cart catalog inventory shipping reporting
    reports analytics metrics monitoring monitor logging backup backups replication replica replicator
    replicate readonly readwrite writer reader app application web website frontend backend gateway proxy
    worker workers scheduler cron queue broker cache search index indexer events event notification
    notifications mailer sms crm erp cms wiki blog shop store accounts account customer customers client
    clients partner partners vendor data datalake warehouse etl ingest ingestion pipeline stream streaming
    batch export exporter import importer sync migration migrations migrate identity sso oauth session
    sessions portal dashboard console support helpdesk tickets ticket incident incidents alerts alerting
    platform infra infrastructure cloud network security audit compliance risk fraud pricing tax invoice
    invoices refund refunds subscription subscriptions loyalty rewards booking bookings reservations
    flights hotel hotels delivery fleet driver drivers trips ride rides maps media video images assets
    files content documents uploads downloads registry artifact artifacts release releases runners
    pipelines tests quality feature features flags experiments model models training inference serving
    vector embeddings chat messaging messages mail email newsletter marketing campaign campaigns ads
    sales finance treasury accounting payroll people talent recruiting learning edu school
    health clinic pharmacy claims policy policies quotes trading trades market markets portfolio
    wallet wallets cards transfer transfers settlement core common base main primary secondary master
    standby demo staging live internal external owner robot automation svc srv tomcat nexus jenkins sonar artifactory harbor logstash fluent fluentd kibana
    splunk datadog zabbix nagios consul nomad vault keycloak rancher traefik haproxy squid hr etl dba""".split()
)
"""Names of services, which accounts of machines have too: replaced where they are declared, and not
looked for everywhere, since queues, paths and tools have the same names."""

NOBODY = SYSTEM_USERS | GENERIC_WORDS
"""Words that stand where somebody's account might and are none."""

PATH_WORDS = frozenset(
    """api apis rest graphql rpc grpc v1 v2 v3 v4 v1beta1 v1alpha1 health healthz ready readyz livez live ping
    status metrics login logout auth oauth oauth2 token authorize callback users user orders order items
    item search query events event webhook webhooks hooks static assets public admin docs doc wiki browse
    issues issue pull pulls commits commit tree blob raw main master releases latest download downloads
    upload uploads images img files file data export import reports report dashboard dashboards d
    alerts alert jobs job runs run tasks task queue queues topics messages deploy deployments restart
    config settings services service nodes pods namespaces index home page pages list create update
    delete edit new get post put patch internal external""".split()
)
"""Segments of addresses that say what is done there and not to whom."""

TLDS = frozenset(
    """com net org edu gov mil int io dev app ai cloud co info biz tech xyz online site store shop
    internal intern intra intranet local lan corp home private localdomain cluster
    de uk fr eu ca au jp nl ch se us in br it es pl be at dk no fi ie pt cz gr hu ro ru ua cn hk tw kr sg
    my th id ph vn nz za mx ar cl il tr ae sa ke ng eg pk bd lk lu li is ee lv lt sk si hr bg rs
    systems services solutions network digital agency group global world media email works
    studio design finance bank capital energy health care software technology host hosting
    museum travel jobs mobi name pro tv cc ws fm am gg sh so to ly gl la st vc page link click
    company consulting zone space live life team today news blog wiki support help run
    svc consul arpa onion kubernetes""".split()
)
"""Endings of host names, public and private."""

SURE_TLDS = frozenset(
    """com net org edu gov mil internal intranet corp lan cloud tech systems services solutions
    network digital company consul biz onion eu uk de fr jp nl ch se
    ca au local""".split()
)
"""Endings that nothing else has: no module, attribute or file."""

FILE_ENDINGS = frozenset(
    """py js ts rs sh md so pl go rb java kt c h cc cpp hpp cs php html htm css json yaml yml toml
    xml txt log csv tsv ini cfg conf env lock sql db png jpg jpeg gif svg pdf zip gz tar tgz bz2
    whl jar war exe dll bin dat bak tmp swp out err pem crt key pub ipynb parquet proto tf tfvars
    tfstate vue jsx tsx scss less map sum mod gradle properties service socket timer mount target
    plist patch diff rst tex bat ps1 psm1 lua ex exs erl hs ml scala sbt clj r jl m swift dart
    sqlite sqlite3 db3 pid sock eval traj jsonl ndjson avro orc md5 sha1 sha256""".split()
)

NO_TICKET = frozenset(
    """UTF UTF8 SHA SHA1 SHA2 SHA3 ISO RFC CVE CWE GPT GPT3 GPT4 HTTP HTTPS TLS SSL AES RSA DES MD TCP UDP IPV IP
    USB PEP COVID IEEE ANSI EC ECMA ES UTC GMT EST PST CET BASE ASCII CP WINDOWS MS KB JSR JEP
    XEP BCP STD FIPS NIST PCI SOC HIPAA GDPR ITAR RAM CPU GPU SSD HDD NVME DDR PCIE SATA LTE G
    WIFI BT BLE RC LTS SNAPSHOT ALPHA BETA PRE REV VER VERSION V R N P S T A B C D E F H I J K L M
    O Q U W X Y Z TOP TIER LEVEL PHASE STEP STAGE PART CHAPTER SECTION TABLE FIGURE FIG EQ LINE
    PAGE ROW COL ITEM CASE RULE PM EVAL TYPE CLASS GROUP TEAM ZONE REGION AZ US EU AP SA AF ME
    CA Q1 Q2 Q3 Q4 Q FY H1 H2 M1 M2 M3 A4 MAX MIN AVG SUM COUNT ID NO NR NUM ERROR ERR WARN INFO
    E2E B2B P2P K8S S3 EC2 X86 AMD64 ARM64 ARM CLAUDE LLAMA QWEN MISTRAL GEMINI PALM BERT T5 CLIP
    PHI YI DEEPSEEK HS RS PS ED CURVE P256 HMAC CRC XXH GHSA PYSEC RUSTSEC DSA USN ROCKY EL
    ORA DB SQL PG MYSQL REDIS KAFKA NODE POD HOST SERVER WORKER SHARD REPLICA PARTITION QUEUE TOPIC
    POL POLICY ICD DSM WHO F16 B52 A320 B737 TB GB MB PT MIT BSD GPL LGPL AGPL MPL APACHE CC
    THREAD POOL TASK JOB RUN STAGE EPOCH BATCH TRIAL ROUND SEED APAC EMEA AMER LATAM""".split()
)
"""What stands before a hyphen and a number and is no project of a ticket system."""

MADE_UP = pattern(
    r"(?i)^(?:x{3,}|\*{3,}|\.{3,}|-{3,}|_{3,}|\?{3,}|0+|1234567\d*|abc(?:def(?:gh\w*)?)?(?:123)?"
    r"|<[^<>]*>|\[[^\[\]]*\]|(?!\{AQA)\{\{?[^{}]*\}\}?|\$\{[^{}]*\}|\$\([^()]*\)|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|%\([a-z_]+\)s|%s"
    r"|\*+\w{0,4}|\w{0,4}\*{3,}\w{0,4}|your[-_ ]?\w+|my[-_ ]?(?:secret|password|token|key)|fake\w*|dummy\w*|placeholder\w*"
    r"|(?:os\.)?(?:getenv|environ)\b.*|process\.env\b.*|ANON_[A-Z0-9_]+_[0-9a-f]+)$"
)
"""What stands for a secret without being one."""

SURROGATE = pattern(
    r"\banon[-_](?:pod-)?[0-9a-f]{10}\b|^0{16}[0-9a-f]{16}$|^00000000-0000-4000-8000-[0-9a-f]{12}$|(?:^|[-_])ANON_[A-Z0-9_]+_[0-9a-f]{16}|^GB\d\dANON\d{14}$|^ANON-\d{8}$"
    r"|^(?i:[\w.+-]{0,40}(?:person|anon)[a-p]{6}[\w.+-]{0,40})$"
    r"|^198\.1[89]\.\d{1,3}\.\d{1,3}$|^(?:\+1-)?\(?\d{3}\)?[- ]555-01\d\d$|^(?i:2001:db8:[0-9a-f:]+|00:00:5e:00:53:[0-9a-f]{2})$"
)
"""What this package writes in the place of an original; a key or a flag may stand before it."""


def made_up(value: str) -> bool:
    """Whether a value is a placeholder, a reference or a word that everybody writes."""
    plain = value.strip().strip("\"'`,;")
    low = plain.lower()
    return (
        not plain
        or low in GENERIC_WORDS
        or MADE_UP.match(plain) is not None
        or (
            (low.startswith(("0", "198.1", "2001:")) or holds(low, _IN_SURROGATES))
            and SURROGATE.search(plain) is not None
        )
    )


_IN_SURROGATES = ("anon", "person", "555-01")
"""Without one of these, or such a begin, a value is no surrogate: the pattern is slow."""
