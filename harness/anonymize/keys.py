"""What a key says of its value: ``password``, ``host``, ``lat`` and their like in any spelling."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from harness.anonymize.pattern import pattern

_WORDS = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_SECRET_LAST = frozenset(
    """password passwd passwort pass pwd passphrase passcode secret secrets pin otp mfa totp
    cvv cvc csrf apikey apitoken authtoken accesstoken accesskey accessid secretkey privatekey
    credential credentials creds token tokens jwt psk pskey salt pepper nonce signature sig hmac
    bearer authorization sessionid session sessid cookie dsn connstr webhook pgpassword
    mysqlpwd passwordhash pw psw webhookurl""".split()
)
_SECRET_PAIR = frozenset(
    """api_key access_key secret_key private_key auth_key encryption_key signing_key
    master_key account_key shared_key service_key app_key application_key client_key
    storage_key subscription_key license_key deploy_key ssh_key encrypt_key consumer_key
    host_key admin_key session_key api_secret client_secret access_id key_secret aws_key
    hmac_key root_key write_key read_key ingest_key integration_key routing_key_secret
    project_key server_key publishable_key live_key test_key webhook_key token_value
    connection_string security_code session_id auth_code access_code recovery_code
    backup_code verification_code refresh_token secret_value secret_access secret_id key_id
    preshared_key pre_shared_key wifi_key wpa_key wep_key network_key activation_key product_key developer_key team_key user_key function_key role_key maps_key push_key vapid_key fcm_key sas_key cosmos_key tls_key bind_pw security_token db_pass crypt_key vault_key auth_data key_base key_material key_data
    sign_key token_key token_secret auth_string shared_secret otp_seed card_cvv""".split()
)
_NOT_SECRET_LAST = frozenset(
    """count limit max min usage used total type types name names length len budget id ids
    url uri endpoint path file dir policy expiry expires expiration ttl rotation required
    enabled disabled age field fields env var header hint prompt input output size status
    error errors version format manager provider store reset changed updated created at date
    per second minute rate cost price algorithm alg hash_type strength completion cached
    reasoning audio details remaining column ref reference scope scopes source method mode
    index position offset family vocab pattern regex""".split()
)
_TOKENS = pattern(
    r"^(?:(?:max|min|total|num|n|prompt|completion|input|output|used|cached|reasoning|new|stop|eos|bos|pad|special|next|page|continuation|pagination|per|text|cache|creation|read|audio|thinking|logit|cont|cursor|unk|sep|cls|mask|budget|chunk)\d*)+tokens?|tokens(?:used|left|remaining|persecond)?$"
)

_KINDS: dict[str, str] = {}
for _kind, _names in {
    "user": "user username login loginname userid uid_name account_name accountname owner_login actor_login sshuser ssh_user dbuser db_user run_as runas sudo_user samaccountname user_name user_login user_id login_name logname principal pguser ruser auid_name customer_id member_id patient_id employee_id subscriber_id passenger_id guest_id traveler_id",
    "person": "fullname full_name firstname first_name lastname last_name surname givenname given_name familyname family_name middlename middle_name displayname display_name customername customer_name contactname contact_name realname real_name reporter assignee author committer authorname author_name reportername oncall on_call oncallengineer on_call_engineer approver approvedby approved_by requestedby requested_by createdby created_by updatedby updated_by assignedto assigned_to employee employeename employee_name patient patientname patient_name cardholder cardholdername cardholder_name accountholder account_holder beneficiary recipient recipientname recipient_name sendername sender_name passenger passengername passenger_name username_full manager_name person personname person_name acknowledgedby acknowledged_by resolvedby resolved_by escalatedto escalated_to paged maidenname maiden_name nickname attendee guest_name guestname escalated_by reviewer",
    "host": "host hostname host_name nodename node_name servername server_name fqdn server machine machinename machine_name computername computer_name peer upstream_host dbhost db_host database_host pghost redis_host remotehost remote_host target_host targethost bastion jumphost proxyhost proxy_host broker brokers bootstrap_servers endpoint_host origin_host instance_name node vmname vm_name workstation",
    "email": "email emailaddress email_address mail mailto recipient_email useremail user_email e_mail",
    "phone": "phone phonenumber phone_number telephone tel mobile mobilenumber mobile_number cell cellphone cell_phone fax msisdn phoneno phone_no contactnumber contact_number callerid caller_id whatsapp sms_to",
    "card": "card cardnumber card_number creditcard credit_card creditcardnumber credit_card_number ccnumber cc_number ccnum pan debitcard debit_card",
    "iban": "iban ibannumber iban_number",
    "ssn": "ssn socialsecurity social_security socialsecuritynumber social_security_number taxid tax_id nationalid national_id",
    "account": "accountid account_id accountids account_ids awsaccountid aws_account_id awsaccount aws_account recipientaccountid recipient_account_id sourceaccount source_account linkedaccount linked_account payeraccount payer_account targetaccount target_account principalaccount principal_account owneraccount owner_account owner_id ownerid",
    "mac": "mac macaddress mac_address hwaddr hwaddress bssid ether",
    "pod": "pod podname pod_name containername_pod k8s_pod_name kubernetes_pod_name k8spod",
    "latitude": "lat latitude geo_lat gps_lat start_lat end_lat",
    "longitude": "coordinates coords latlng latlon lnglat lonlat lon lng long longitude geo_lon gps_lon geo_lng start_lng start_lon end_lon end_lng",
    "ticket": "ticket ticketid ticket_id ticketkey issuekey issue_key jira jiraid jira_id ticketnumber ticket_number casenumber case_number incident_number",
    "basic": "auth",
    "id": "tenantid tenant_id orgid org_id organizationid organization_id organisationid organisation_id contactid contact_id personid person_id profileid profile_id clientid client_id deviceid device_id uid_number loyaltyid loyalty_id playerid player_id visitorid visitor_id leadid lead_id payeeid payee_id payerid payer_id merchantid merchant_id accountnumber account_number accountno account_no customernumber customer_number",
    "time": "t time timestamp ts created createdat created_at updated updatedat updated_at start starttime start_time end endtime end_time date datetime startedat started_at finishedat finished_at completedat completed_at timeunixnano time_unix_nano starttimeunixnano start_time_unix_nano endtimeunixnano end_time_unix_nano observedtimeunixnano expires expiresat expires_at exp iat nbf modified mtime ctime atime lastseen last_seen eventtime event_time published at epoch epoch_ms timestampms timestamp_ms created_utc",
}.items():  # fmt: skip
    for _name in _names.split():
        _KINDS[_name.replace("_", "")] = _kind

_OTHER_TONGUES = {
    name: kind
    for kind, names in {
        "secret": "contrasena clave senha passwort kennwort motdepasse mdp wachtwoord parola haslo losenord salasana sifre jelszo \u043f\u0430\u0440\u043e\u043b\u044c \u5bc6\u7801 \u30d1\u30b9\u30ef\u30fc\u30c9 \ube44\ubc00\ubc88\ud638",
        "person": "nombre nombrecompleto apellido apellidos nom prenom nomcomplet nachname vorname nome nomecompleto cognome sobrenome",
        "phone": "telefono movil celular telefone telefon telephone rufnummer handynummer portable",
        "user": "usuario utilisateur benutzer benutzername utente gebruiker uzytkownik",
    }.items()
    for name in names.split()
}
"""The same in other languages, without accents."""
_KEEP = frozenset(
    """sha sha1 sha256 sha512 md5 digest checksum commit commitsha commitid revision rev
    hash etag fingerprint gitsha gitcommit treehash headsha basesha parent blob integrity
    crc crc32 version tag imageid layer traceid spanid parentspanid""".split()
)


@lru_cache(maxsize=4096)
def kind_of_key(key: str) -> str:
    """Return what a key says its value is: a kind, ``secret``, ``keep``, or nothing."""
    if len(key) > 120 or "ANON_" in key:  # a surrogate says nothing
        return ""
    last = re.split(r"[.\[\]/:]", key.strip("\"' []"))[-1] or key
    if not last.isascii():
        last = unicodedata.normalize("NFKD", last)
        last = "".join(c for c in last if not unicodedata.combining(c))
    words = [word.lower() for word in _WORDS.findall(last)]
    if (other := _OTHER_TONGUES.get(re.sub(r"[\W_]", "", last.lower()))) is not None:
        return other
    if not words:
        return ""
    joined = "".join(words)
    if _TOKENS.match(joined) or (joined in {"tokenid", "keyid", "pass"} and joined != "pass"):
        return ""
    if joined in _KINDS:
        return _KINDS[joined]
    if joined in _KEEP or (
        words[-1] in _KEEP and words[-1] not in {"hash", "tag", "version", "parent"}
    ):
        return "keep"
    if _secret(words, joined):
        return "secret"
    tail = "".join(words[-2:])
    if len(words) > 1:
        kind = _KINDS.get(tail, _KINDS.get(words[-1], ""))
        if (
            kind
            and words[-1]
            not in {
                "at",
                "end",
                "start",
                "long",
                "node",
                "server",
                "date",
                "peer",
                "login",
                "time",
                "person",
                "created",
                "updated",
                "card",
                "published",
                "modified",
                "exp",
                "ether",
                "pan",
                "cell",
                "mail",
                "id",
                "broker",
                "owner",
                "user",
            }
        ) or kind in {"account", "ssn"}:
            return kind
        if words[-1] in {"user"} and words[-2] in {
            "db",
            "ssh",
            "smtp",
            "database",
            "pg",
            "mysql",
            "redis",
            "admin",
            "mongo",
            "postgres",
            "ldap",
            "ftp",
            "sudo",
            "auth",
            "remote",
            "login",
        }:
            return "user"
    return ""


def _secret(words: list[str], joined: str) -> bool:
    last = words[-1]
    while last.isdigit() and len(words) > 1:
        words = words[:-1]
        last = words[-1]
    if last in _NOT_SECRET_LAST and "_".join(words[-2:]) not in _SECRET_PAIR:
        return False
    if "publickey" in joined or joined.endswith(
        (
            "primarykey",
            "foreignkey",
            "partitionkey",
            "sortkey",
            "cachekey",
            "routingkey",
            "rowkey",
            "idempotencykey",
            "salesession",
        )
    ):
        return False
    if last in _SECRET_LAST or "_".join(words[-2:]) in _SECRET_PAIR:
        return True
    return (
        joined.endswith(
            (
                "password",
                "passwd",
                "apikey",
                "secret",
                "secretkey",
                "authtoken",
                "accesstoken",
                "privatekey",
                "accesskey",
                "passphrase",
                "token",
                "credentials",
                "pwd",
            )
        )
        or any(
            word in {"password", "passwd", "secret", "apikey", "pwd", "passphrase"}
            for word in words
        )
        or "apikey" in joined
        or "privatekey" in joined
    )


_FLAG = pattern(r"--?[A-Za-z][\w-]{1,40}")


def after_flags(values: Sequence[object], key: str) -> list[str]:
    """Return at what key each item of a list stands: after ``--password`` at ``password``."""
    keys = [key]
    for each in values[:-1]:
        flag = each if isinstance(each, str) and _FLAG.fullmatch(each) else ""
        keys.append(flag if flag and kind_of_key(flag) == "secret" else key)
    return keys[: len(values)]
