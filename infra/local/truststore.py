"""Write the certificates that this machine trusts into a Java trust store.

    python -m infra.local.truststore PEM STORE

The packaged Java trusts only public authorities. In a network with an authority of its own, it could not fetch jars.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore

PASSWORD = "changeit"
"""Java's default password. A trust store contains no secrets."""


def write(pem: Path, store: Path) -> None:
    """Write the certificates of a PEM file into a PKCS12 trust store."""
    found = x509.load_pem_x509_certificates(pem.read_bytes())
    entries = [PKCS12Certificate(certificate, str(number).encode()) for number, certificate in enumerate(found)]
    store.write_bytes(serialize_java_truststore(entries, BestAvailableEncryption(PASSWORD.encode())))


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
