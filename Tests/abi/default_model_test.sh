#!/usr/bin/env bash
# A model loaded without a path is looked for in the environment, beside the library, in an
# installation's share and in a checkout, in this order; the error lists every place tried.
set -euo pipefail
cd "$PLAUDIT_CHECKOUT"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset PLAUDIT_MODEL

cat >"$work/program.c" <<'C'
/* program LIBRARY FOLDER: loads the default model from within FOLDER, prints its first label. */
#include <dlfcn.h>
#include <plaudit.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library || argc < 3 || chdir(argv[2]) != 0) return puts(dlerror()), 2;
  __typeof__(plaudit_model_load) *load = dlsym(library, "plaudit_model_load");
  __typeof__(plaudit_model_label) *label = dlsym(library, "plaudit_model_label");
  __typeof__(plaudit_error_message) *message = dlsym(library, "plaudit_error_message");
  plaudit_model *model = NULL;
  plaudit_error *error = NULL;
  const char *name = NULL;
  if (load(NULL, -1, NULL, &model, &error) || label(model, 0, &name, &error))
    return puts(message(error)), 1;
  return puts(name), 0;
}
C
gcc -Wall -Wextra -Werror -I out/include "$work/program.c" -o "$work/program" -ldl

# A model whose first label says where it lay.
model_at() {
  mkdir -p "$1"
  cp -R "$PLAUDIT_TEST_MODEL/." "$1/"
  sed -i "s/positive/$2/" "$1/config.json"
}
library_at() {
  mkdir -p "$1"
  cp out/lib/libplaudit.so "$1/libplaudit.so.0"
  lib=$1/libplaudit.so.0
}
finds() {
  local expected=$1
  shift
  local found
  found=$("$@" "$work/program" "$lib" /) || true
  [ "$found" = "$expected" ] || { echo "expected $expected, found $found"; exit 1; }
}
lacks() {
  local found
  found=$("$work/program" "$lib" /) && { echo "found $found"; exit 1; }
  for text in "$@"; do
    [[ $found = *"$text"* ]] || { echo "$text is not in: $found"; exit 1; }
  done
}

echo "nothing is there"
library_at "$work/usr/lib"
lacks "tried PLAUDIT_MODEL (not set), $work/usr/lib/models/brand-sentiment (not there), \
$work/usr/share/plaudit/models/brand-sentiment (not there), \
$work/share/plaudit/models/brand-sentiment (not there); name a folder"

echo "an installation, an older one around it, and a package"
library_at "$work/usr/lib/x86_64-linux-gnu"
model_at "$work/usr/share/plaudit/models/brand-sentiment" share
finds share env -i
library_at "$work/usr/lib"
finds share env -i
model_at "$work/usr/lib/models/brand-sentiment" beside
finds beside env -i

echo "what is not complete is passed over and named"
rm "$work/usr/lib/models/brand-sentiment/model.safetensors"
finds share env -i
rm "$work/usr/share/plaudit/models/brand-sentiment/config.json"
lacks "$work/usr/lib/models/brand-sentiment (no model.safetensors)" \
  "$work/usr/share/plaudit/models/brand-sentiment (no config.json)"

echo "a checkout"
library_at "$work/checkout/out/lib"
model_at "$work/checkout/models/brand-sentiment" models
finds models env -i
model_at "$work/checkout/out/models/brand-sentiment" out
finds out env -i

echo "the environment comes first and alone"
model_at "$work/mine" environment
finds environment env "PLAUDIT_MODEL=$work/mine"
finds out env PLAUDIT_MODEL=
finds "PLAUDIT_MODEL names $work/none, which is not a model folder" \
  env "PLAUDIT_MODEL=$work/none"

echo "a relative path of a library whose folder the host has left, and a link to it"
cd "$work/checkout"
lib=out/lib/libplaudit.so.0
finds out env -i
mkdir "$work/links"
ln -s "$work/checkout/out/lib/libplaudit.so.0" "$work/links/libplaudit.so.0"
lib=$work/links/libplaudit.so.0
finds out env -i

echo "a broken model is that error, not another model"
echo '{' >"$work/checkout/out/models/brand-sentiment/config.json"
lacks config.json
