#!/usr/bin/env bash
# plaudit.hpp compiles without a warning in every dialect it promises, and files that chose
# different ones make one program.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$PLAUDIT_CHECKOUT"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

strict=(-Wall -Wextra -pedantic -Werror -I bindings/cpp -I include)
compilers=(g++)
if command -v clang++ >/dev/null; then compilers+=(clang++); fi
for compiler in "${compilers[@]}"; do
  for dialect in c++17 c++20; do
    echo "$compiler $dialect"
    "$compiler" "-std=$dialect" "${strict[@]}" -c "$here/exceptions.cpp" -o "$work/object.o"
    "$compiler" "-std=$dialect" "${strict[@]}" -fno-exceptions -c "$here/results.cpp" \
      -o "$work/object.o"
  done
done

# The same call in each dialect, in one program.
for name in one two three four; do
  cat >"$work/$name.cpp" <<CPP
#include <plaudit.hpp>
double rate_$name() {
#ifdef PLAUDIT_NO_EXCEPTIONS
  auto rate = plaudit::kpi::click_through_rate(1, 4);
  return rate ? *rate : -1;
#else
  return plaudit::kpi::click_through_rate(1, 4);
#endif
}
CPP
done
cat >"$work/main.cpp" <<'CPP'
double rate_one();
double rate_two();
double rate_three();
double rate_four();
int main() { return rate_one() + rate_two() + rate_three() + rate_four() == 1 ? 0 : 1; }
CPP
no_exceptions=(-fno-exceptions -DPLAUDIT_NO_EXCEPTIONS)
g++ -std=c++17 "${strict[@]}" -c "$work/one.cpp" -o "$work/one.o"
g++ -std=c++20 "${strict[@]}" -c "$work/two.cpp" -o "$work/two.o"
g++ -std=c++17 "${no_exceptions[@]}" "${strict[@]}" -c "$work/three.cpp" -o "$work/three.o"
g++ -std=c++20 "${no_exceptions[@]}" "${strict[@]}" -c "$work/four.cpp" -o "$work/four.o"
library=$(dirname "$PLAUDIT_LIBRARY")
g++ "$work"/main.cpp "$work"/{one,two,three,four}.o -o "$work/program" -L "$library" -lplaudit \
  "-Wl,-rpath,$library"
"$work/program"
