#!/usr/bin/env bash
# What `make install` installs can be moved as a whole, found with pkg-config and CMake, and runs
# with an empty environment.
set -euo pipefail
cd "$PLAUDIT_CHECKOUT"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS

model=brand-sentiment
[ -d models/$model ] || model=
make install DESTDIR="$work/stage" PREFIX=/opt/plaudit MODEL=$model
mkdir "$work/moved here"
mv "$work/stage/opt/plaudit" "$work/moved here/plaudit"
prefix="$work/moved here/plaudit"

version=$(awk '/define PLAUDIT_VERSION_/ { printf "%s%s", dot, $3; dot = "." }' include/plaudit.h)
for file in include/plaudit.h include/plaudit.hpp lib/libplaudit.so "lib/libplaudit.so.$version" \
  lib/pkgconfig/plaudit.pc lib/cmake/plaudit/plaudit-config.cmake \
  lib/cmake/plaudit/plaudit-config-version.cmake share/doc/plaudit/LICENSE \
  share/doc/plaudit/jansson.txt share/doc/plaudit/swift.txt \
  ${model:+share/plaudit/models/$model/config.json}; do
  [ -f "$prefix/$file" ] || { echo "missing: $file"; exit 1; }
done
if grep -rn '@[A-Z]*@' "$prefix/lib/pkgconfig" "$prefix/lib/cmake"; then exit 1; fi
[ "$(find "$prefix/lib" -xtype l | wc -l)" = 0 ]

if [ -n "$model" ]; then
  echo "the default model"
  cat >"$work/default.c" <<'C'
#include <plaudit.h>
#include <stdio.h>
int main(void) {
  plaudit_model *model = NULL;
  plaudit_error *error = NULL;
  if (plaudit_model_load(NULL, -1, NULL, &model, &error)) puts(plaudit_error_message(error));
  return model == NULL;
}
C
  gcc "$work/default.c" -o "$work/default" -I "$prefix/include" -L "$prefix/lib" -lplaudit \
    "-Wl,-rpath,$prefix/lib"
  env -i "$work/default"
fi

cat >"$work/program.c" <<'C'
#include <plaudit.h>
#include <stdio.h>
int main(void) {
  printf("%s\n", plaudit_version_string());
  return plaudit_abi_version() == PLAUDIT_ABI_VERSION ? 0 : 1;
}
C
cat >"$work/program.cpp" <<'CPP'
#include <plaudit.hpp>
#include <cstdio>
int main() {
  std::printf("%s\n", plaudit_version_string());
  return plaudit_abi_version() == PLAUDIT_ABI_VERSION ? 0 : 1;
}
CPP

runs() {
  [ "$(env -i "$1")" = "$version" ] || { echo "$1 does not print $version"; exit 1; }
}

echo "pkg-config"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
[ "$(pkg-config --modversion plaudit)" = "$version" ]
eval "flags=($(pkg-config --cflags --libs plaudit))"
gcc "$work/program.c" -o "$work/with-pkg-config" "${flags[@]}" "-Wl,-rpath,$prefix/lib"
runs "$work/with-pkg-config"

if ! command -v cmake >/dev/null; then
  echo "skipped: find_package, no cmake here"
  exit 0
fi
echo "cmake"
mkdir "$work/project"
cp "$work/program.cpp" "$work/project/"
cat >"$work/project/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.16)
project(program CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(plaudit ${version%.*} REQUIRED CONFIG)
add_executable(program program.cpp)
target_link_libraries(program PRIVATE plaudit::plaudit)
CMAKE
cmake -S "$work/project" -B "$work/project/build" "-DCMAKE_PREFIX_PATH=$prefix"
cmake --build "$work/project/build"
runs "$work/project/build/program"
