// What the tests of the C++ binding share: checks that print and count, and where the models are.
#ifndef PLAUDIT_TESTS_CHECK_HPP
#define PLAUDIT_TESTS_CHECK_HPP

#include <plaudit.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

struct tally {
  int passed = 0;
  int failed = 0;

  void note(bool holds, const char *file, int line, const char *what) {
    (holds ? passed : failed)++;
    if (!holds) std::printf("%s:%d: %s is false\n", file, line, what);
  }
  int report() const {
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
  }
};

#define CHECK(...) t.note(static_cast<bool>(__VA_ARGS__), __FILE__, __LINE__, #__VA_ARGS__)

inline std::string from_environment(const char *name) {
  const char *value = std::getenv(name);
  if (value) return value;
  std::printf("%s is not set\n", name);
  std::exit(2);
}
inline std::string classifier_folder() { return from_environment("PLAUDIT_TEST_MODEL"); }
inline std::string embedder_folder() { return from_environment("PLAUDIT_TEST_EMBEDDER"); }

inline bool near(double value, double expected) {
  return std::fabs(value - expected) <= 1e-12 * std::fmax(1, std::fabs(expected));
}

#endif
