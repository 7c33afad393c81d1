"""Makes the archives: `python3 make.py`. An adapter of 3 kB, packed as servers do it, and as they must not."""
import gzip, io, random, tarfile, zlib

random.seed(1)
config = b'{"r": 8, "lora_alpha": 32}'
# Text that repeats itself, so that references of all lengths occur, and noise, which is stored.
words = [bytes(random.randrange(97, 123) for _ in range(random.randrange(2, 9))) for _ in range(40)]
weights = b" ".join(random.choice(words) for _ in range(400)) + random.randbytes(600) + bytes(400)


def tar(entries, form=tarfile.PAX_FORMAT):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=form) as archive:
        for name, content, *kind in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            if kind:
                entry.type, entry.linkname, entry.size = kind[0], "/etc/passwd", 0
            archive.addfile(entry, io.BytesIO(content))
    return data.getvalue()


both = [("adapter_config.json", config), ("adapter_model.safetensors", weights)]
plain = tar(both)


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def packed(level, strategy=zlib.Z_DEFAULT_STRATEGY):
    packer = zlib.compressobj(level, zlib.DEFLATED, 31, 9, strategy)
    return packer.compress(plain) + packer.flush()


write("weights.bin", weights)
write("plain.tar", plain)
write("folder.tar", tar([("./", b"", tarfile.DIRTYPE)] + [("./" + n, c) for n, c in both]))
write("gnu.tar", tar([("x" * 150, b"long")] + both, tarfile.GNU_FORMAT))
write("links.tar", tar([("adapter_config.json", b"", tarfile.SYMTYPE)] + both[1:]))
write("above.tar", tar([("../adapter_config.json", config), ("/adapter_model.safetensors", weights)]))
write("twice.tar", tar(both + both[:1]))
write("dynamic.tar.gz", packed(9))
write("fixed.tar.gz", packed(9, zlib.Z_FIXED))
write("stored.tar.gz", packed(0))
