"""What the target ``verify`` of the workflow does."""

from pydantic import ValidationInfo, field_validator

from tiles2zarr.config.base import Section


class Verification(Section):
    """What the target ``verify`` does (``snakemake verify``; ``all`` never runs it)."""

    deep: bool = False
    """Compare every acquired plane with its source too."""
    manifest: bool = False
    """Write ``results/<name>/manifest.sha256``, which ``sha256sum -c`` reads."""
    certificate: bool = False
    """With ``deep``: write ``results/<name>/certificate.json``, which says what was
    compared."""

    @field_validator("certificate")
    @classmethod
    def _needs_deep(cls, certificate: bool, info: ValidationInfo) -> bool:
        if certificate and not info.data.get("deep"):
            raise ValueError("it vouches for every plane: set verify.deep to true")
        return certificate
