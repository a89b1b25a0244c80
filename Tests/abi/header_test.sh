#!/usr/bin/env bash
# The header compiles alone, without a warning, in the dialects its users have; its first program
# compiles as printed, links, and scores with a model.
set -euo pipefail
cd "$PLAUDIT_CHECKOUT"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

strict=(-Wall -Wextra -pedantic -Werror)
echo '#include <plaudit.h>' >"$work/alone.c"
cp "$work/alone.c" "$work/alone.cpp"
cp "$work/alone.c" "$work/twice.c"
echo '#include <plaudit.h>' >>"$work/twice.c"

compile() {
  echo "$*"
  "$@" "${strict[@]}" -I include -c -o "$work/object.o"
}
compilers=(gcc)
if command -v clang >/dev/null; then compilers+=(clang); fi
for compiler in "${compilers[@]}"; do
  for dialect in c99 c11; do
    compile "$compiler" "-std=$dialect" "$work/alone.c"
    compile "$compiler" "-std=$dialect" "$work/twice.c"
  done
done
compile g++ -std=c++17 "$work/alone.cpp"
if command -v clang++ >/dev/null; then compile clang++ -std=c++17 "$work/alone.cpp"; fi

sed -n '/^ \* A FIRST PROGRAM$/,/^ \* CONVENTIONS$/p' include/plaudit.h |
  sed -e '1d;$d' -e 's/^ \* \{0,1\}//' >"$work/first.c"
grep -q 'int main' "$work/first.c"
compile gcc -std=c99 -Wno-missing-field-initializers "$work/first.c"
gcc -std=c99 -I include "$work/first.c" -o "$work/first" -L out/lib -lplaudit \
  "-Wl,-rpath,$PWD/out/lib"
"$work/first" "$PLAUDIT_TEST_MODEL" | tee "$work/output"
[ "$(wc -l <"$work/output")" = 2 ]
if "$work/first" "$work/nothing" 2>"$work/error"; then exit 1; fi
grep -q . "$work/error"
