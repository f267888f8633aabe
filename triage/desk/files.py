"""Giving a merchant's file to an agent: decrypted, never shown inside a page, and on record."""

from fastapi import HTTPException, Request, Response

from triage.attachments import find_file, sealed_bytes
from triage.desk.gate import CurrentDesk, SignedIn
from triage.media import KEPT
from triage.model import ticket_number
from triage.tickets import record
from triage.vault import VaultError


def show_file(request: Request, desk: CurrentDesk, session: SignedIn, name: str) -> Response:
    """Give a file to be saved; who opened it is an event of its ticket."""
    deps = desk.deps
    found = deps.store.read(lambda connection: find_file(connection, name))
    if found is None:
        raise HTTPException(404)
    file, ticket_id = found
    data = {"kind": file.kind, "number": file.number}
    deps.store.write(
        lambda tx: record(
            tx, ticket_id, "attachment_opened", deps.clock(), account_id=session.account_id, data=data
        )
    )
    sealed = deps.store.read(lambda connection: sealed_bytes(connection, name))
    if sealed is None:
        raise HTTPException(404)
    try:
        content = deps.vault.unseal(sealed)
    except VaultError:
        return desk.message(request, "file_locked", status=409, session=session)
    media_type = file.media_type or ""
    _, ending = KEPT[media_type]
    headers = {
        "Content-Disposition": f'attachment; filename="{ticket_number(ticket_id)}-{file.number}.{ending}"',
        # Whatever a file pretends to be, a browser that opens it runs nothing and reaches nothing.
        "Content-Security-Policy": "sandbox",
    }
    return Response(content, media_type=media_type, headers=headers)
