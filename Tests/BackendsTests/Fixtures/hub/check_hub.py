#!/usr/bin/env python3
"""Checks that Oven and huggingface_hub read each other's cache.

    python check_hub.py --oven .build/release/oven --model DIR

Needs huggingface_hub (made with 2.4.0). Serves DIR, a model in Hugging Face layout, as me/tiny from a
loopback hub whose large files lie on a second port; lets each of the two fetch it into a cache of its
own and the other read that cache; exits 1 at the first thing that is not so.
"""
import argparse, hashlib, json, os, subprocess, sys, tempfile, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--oven", required=True)
ap.add_argument("--model", required=True)
args = ap.parse_args()

REPO, COMMIT = "me/tiny", "a1" * 20
OVEN = os.path.abspath(args.oven)
files = {}
for name in sorted(os.listdir(args.model)):
    data = open(os.path.join(args.model, name), "rb").read()
    large = name.endswith(".safetensors")
    git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    files[name] = (data, large, hashlib.sha256(data).hexdigest() if large else git)
files["sub/folder/note.txt"] = (b"note\n", False, hashlib.sha1(b"blob 5\0note\n").hexdigest())
log = []  # (method, port name, path, has a key)


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def content(self, data, **headers):
        start = self.headers.get("Range", "").removeprefix("bytes=").split("-")[0]
        if start.isdigit() and 0 < int(start) < len(data):
            headers["Content_Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            return self.reply(206, data[int(start):], **headers)
        return self.reply(200, data, **headers)

    def do_GET(self):
        path = urlsplit(self.path).path
        log.append((self.command, self.server.role, path, "Authorization" in self.headers))
        if self.server.role == "files":
            found = [data for data, large, total in files.values() if large and total == path.split("/")[-1]]
            return self.content(found[0]) if found else self.reply(404)
        if path.startswith(f"/api/models/{REPO}/revision/") or path == f"/api/models/{REPO}":
            return self.reply(200, json.dumps({
                "id": REPO, "modelId": REPO, "sha": COMMIT, "private": False, "gated": False, "disabled": False,
                "downloads": 0, "likes": 0, "tags": [], "siblings": [{"rfilename": n} for n in files]}).encode())
        if path.startswith(f"/api/models/{REPO}/tree/"):
            entries = []
            for name, (data, large, total) in files.items():
                entry = {"type": "file", "path": name, "size": len(data), "oid": "0" * 40 if large else total}
                if large:
                    entry["lfs"] = {"oid": total, "size": len(data), "pointerSize": 135}
                entries.append(entry)
            return self.reply(200, json.dumps(entries).encode())
        prefix = f"/{REPO}/resolve/"
        name = unquote(path[len(prefix):].split("/", 1)[-1]) if path.startswith(prefix) else ""
        if name not in files:
            return self.reply(404, X_Error_Code="EntryNotFound", X_Error_Message="Entry not found")
        data, large, total = files[name]
        headers = {"X_Repo_Commit": COMMIT, "ETag": f'"{total}"'}
        if large:
            headers |= {"X_Linked_Etag": f'"{total}"', "X_Linked_Size": str(len(data)),
                        "Location": f"http://127.0.0.1:{storage.server_port}/store/{total}?signed"}
            return self.reply(302, **headers)
        return self.content(data, **headers)


def serve(role):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.role = role
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


hub, storage = serve("hub"), serve("files")
work = tempfile.TemporaryDirectory()


def environment(home, **more):
    base = {k: v for k, v in os.environ.items() if not k.lower().startswith(("hf_", "http")) and "proxy" not in k.lower()}
    return base | {"HF_HOME": os.path.join(work.name, home), "HOME": work.name, "HF_TOKEN": "hf_key",
                   "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", "HF_HUB_DISABLE_TELEMETRY": "1"} | more


def oven(home, *arguments, **more):
    result = subprocess.run([OVEN, *arguments], env=environment(home, **more), capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"oven {' '.join(arguments)}: {result.stderr}")
    return result


def library(home, code, **more):
    code = "import json\nfrom huggingface_hub import *\n" + code
    result = subprocess.run([sys.executable, "-c", code], env=environment(home, **more), capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"huggingface_hub:\n{code}\n{result.stderr}")
    return json.loads(result.stdout.splitlines()[-1])


def check(what, is_so):
    print(("ok    " if is_so else "WRONG ") + what, flush=True)
    if not is_so:
        sys.exit(1)


def same(folder, names):
    return all(open(os.path.join(folder, n), "rb").read() == files[n][0] for n in names)


def downloads(start):
    return [path for method, role, path, _ in log[start:] if method == "GET" and (role == "files" or "/resolve/" in path)]


SCAN = """
info = scan_cache_dir()
repo = [r for r in info.repos if r.repo_id == "me/tiny"][0]
print(json.dumps({"warnings": [str(w) for w in info.warnings], "refs": sorted(repo.refs), "size": repo.size_on_disk,
                  "files": sorted(f.file_name for v in repo.revisions for f in v.files)}))
"""

for links in ("", "1"):
    kind = " (no links)" if links else ""
    ours, theirs = "ours" + links, "theirs" + links
    more = {"HF_HUB_DISABLE_SYMLINKS": links} if links else {}

    pulled = json.loads(oven(ours, "pull", REPO, "--json", **more).stdout)
    found = library(ours, f'print(json.dumps(snapshot_download("{REPO}", local_files_only=True)))', HF_HUB_OFFLINE="1", **more)
    check("snapshot_download finds ours offline" + kind, os.path.realpath(found) == os.path.realpath(pulled["path"]))
    check("its bytes are right" + kind, same(found, pulled["files"]))
    for name in ("config.json", "model.safetensors"):
        if name in files:
            path = library(ours, f'print(json.dumps(hf_hub_download("{REPO}", "{name}", local_files_only=True)))', HF_HUB_OFFLINE="1", **more)
            check(f"hf_hub_download finds our {name}" + kind, open(path, "rb").read() == files[name][0])
    scan = library(ours, SCAN, **more)
    check("scan_cache_dir has no warnings" + kind, scan["warnings"] == [])
    check("and sees the files and refs" + kind, scan["files"] == sorted(pulled["files"]) and scan["refs"] == ["main"])
    start = len(log)
    library(ours, f'print(json.dumps(snapshot_download("{REPO}")))', **more)
    again = {p.split("/resolve/")[-1].split("/", 1)[-1] for p in downloads(start) if "/resolve/" in p}
    check("it fetches only what we left out" + kind, not again & set(pulled["files"]))

    found = library(theirs, f'print(json.dumps(snapshot_download("{REPO}")))', **more)
    check("the library's own download is complete" + kind, same(found, files))
    result = oven(theirs, "pull", REPO, "--json", HF_HUB_OFFLINE="1", **more)
    check("oven finds theirs offline" + kind, os.path.realpath(json.loads(result.stdout)["path"]) == os.path.realpath(found))
    check("and names the commit" + kind, COMMIT in result.stderr)
    start = len(log)
    result = oven(theirs, "pull", REPO, **more)
    check("oven fetches nothing again" + kind, downloads(start) == [] and ", 0 B to fetch" in result.stdout)
    check("and leaves their cache as it was" + kind, library(theirs, SCAN, **more)["warnings"] == [])
    paths = oven(theirs, "config", "--paths", "--model", REPO, HF_HUB_OFFLINE="1").stdout
    check("the setting model finds theirs" + kind, f"snapshots/{COMMIT}" in paths)

check("no key went to the second port", not any(key for _, role, _, key in log if role == "files"))
check("and one to the first", all(key for _, role, path, key in log if role == "hub" and REPO in path))
