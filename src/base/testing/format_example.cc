#include "base/testing/format_example.h"

#include <charconv>
#include <fstream>
#include <sstream>

#include "base/assert.h"

namespace tidemill::testing {
namespace {

std::string Block(std::string_view document, const std::string& fence) {
  std::ifstream file(std::string(TM_DOCS "/formats/").append(document), std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = std::move(text).str();
  const std::string begin = "\n```" + fence + "\n";
  const std::size_t found = all.find(begin);
  TM_ASSERT(found != std::string::npos);
  const std::size_t first = found + begin.size();
  const std::size_t end = all.find("\n```", first);
  TM_ASSERT(end != std::string::npos);
  return all.substr(first, end - first);
}

}  // namespace

std::string TextExample(std::string_view document, std::string_view name) {
  return Block(document, "json " + std::string(name));
}

std::string BytesExample(std::string_view document, std::string_view name) {
  std::istringstream lines(Block(document, "hex " + std::string(name)));
  std::string bytes;
  for (std::string line; std::getline(lines, line);) {
    std::size_t at = line.find_first_not_of(' ');
    while (at + 2 <= line.size() && line[at] != ' ') {
      unsigned byte = 0;
      const char* const digits = line.data() + at;
      TM_ASSERT(std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2);
      bytes += static_cast<char>(byte);
      at += 3;
    }
  }
  return bytes;
}

}  // namespace tidemill::testing
