"""Why a tracking server that answers takes nothing: who asks is not known to it, or may not."""

UNKNOWN_USER = "refused the user name or the password"
FORBIDDEN = "this user is not permitted to"
_BY_STATUS = {401: UNKNOWN_USER, 403: FORBIDDEN}
_BY_CODE = {"UNAUTHENTICATED": UNKNOWN_USER, "PERMISSION_DENIED": FORBIDDEN}


def refusal(error: Exception) -> str:
    """`UNKNOWN_USER` or `FORBIDDEN` where an error of MLflow's client tells so, else empty.

    Runs fail with MLflow's error codes, artifacts with those of HTTP.
    """
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", 0)
    return _BY_STATUS.get(status) or _BY_CODE.get(str(getattr(error, "error_code", "")), "")
