"""Files for tests: small ones of every kind that is kept, and what must never be."""

from triage.media import KEPT

JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 a slip, and nothing else in the whole house looks like this \xff\xd9"
)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
KEEPS: dict[str, bytes] = {
    "image/jpeg": JPEG,
    "image/png": PNG,
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"\x00" * 20,
    "image/gif": b"GIF89a\x01\x00\x01\x00",
    "image/heic": b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic" + b"\x00" * 20,
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "audio/ogg": b"OggS\x00\x02" + b"\x00" * 20,
    "audio/mpeg": b"ID3\x04\x00\x00" + b"\x00" * 20,
    "audio/mp4": b"\x00\x00\x00\x1cftypM4A \x00\x00\x02\x00M4A mp42isom" + b"\x00" * 20,
    "audio/amr": b"#!AMR\n<" + b"\x00" * 20,
}
REFUSED: dict[str, bytes] = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg with a declaration": b'<?xml version="1.0"?><svg/>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "script": b"alert(1)",
    "program for Windows": b"MZ\x90\x00" + b"\x00" * 60,
    "program for Linux": b"\x7fELF\x02\x01\x01",
    "shell": b"#!/bin/sh\nrm -rf /\n",
    "zip": b"PK\x03\x04" + b"\x00" * 26,
    "video": b"\x00\x00\x00\x1cftypisom\x00\x00\x02\x00isomiso2mp41" + b"\x00" * 20,
    "avif": b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf",
    "wave": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "half a signature": b"\x89PN",
    "late signature": b"\n" + JPEG,
    "text": "没到账".encode(),
}

assert KEEPS.keys() == KEPT.keys()
