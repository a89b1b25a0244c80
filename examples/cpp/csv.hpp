// Reads CSV files for the examples beside it.
#ifndef PLAUDIT_EXAMPLES_CSV_HPP
#define PLAUDIT_EXAMPLES_CSV_HPP

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace csv {

/// The bytes of a file.
inline std::string contents(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " is not there");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The lines of a CSV's text (RFC 4180); an empty line has one empty field.
inline std::vector<std::vector<std::string>> parse(const std::string &text, char separator = ',') {
  std::vector<std::vector<std::string>> lines(1, {""});
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); at++) {
    const char c = text[at];
    std::string &field = lines.back().back();
    if (quoted) {
      if (c != '"')
        field += c;
      else if (at + 1 < text.size() && text[at + 1] == '"')
        field += text[++at];
      else
        quoted = false;
    } else if (c == '"' && field.empty()) {
      quoted = true;
    } else if (c == separator) {
      lines.back().emplace_back();
    } else if (c == '\n' || c == '\r') {
      if (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n') at++;
      lines.push_back({""});
    } else {
      field += c;
    }
  }
  return lines;
}

/// The lines of a file.
inline std::vector<std::vector<std::string>> read(const std::string &path) {
  return parse(contents(path));
}

}  // namespace csv

#endif
