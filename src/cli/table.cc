#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "base/assert.h"
#include "base/utf8.h"

namespace tidemill::cli {
namespace {

constexpr std::string_view kGap = "  ";

// Characters: one column each is near enough.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// C0, DEL, and C1 (U+0080 … U+009F), which some terminals obey.
bool IsControl(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t known = Utf8SequenceLength(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(known, 1));
    if (known == 0 || IsControl(character)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(character.back()));
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

void Table::Add(const std::vector<std::string>& row) {
  TM_ASSERT(row.size() == columns_.size());
  std::vector<std::string>& added = rows_.emplace_back();
  for (const std::string& text : row) added.push_back(Printable(text));
}

std::string Table::ToText() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = Width(columns_[i].head);
    for (const auto& row : rows_) width = std::max(width, Width(row[i]));
    widths.push_back(width);
  }
  std::string text;
  const auto append = [&](std::size_t i, std::string_view cell) {
    const std::string padding(widths[i] - Width(cell), ' ');
    if (columns_[i].is_number) text += padding;
    text += cell;
    const bool is_last = i + 1 == columns_.size();
    if (!columns_[i].is_number && !is_last) text += padding;
    if (is_last) text.erase(text.find_last_not_of(' ') + 1);
    text += is_last ? "\n" : kGap;
  };
  for (std::size_t i = 0; i < columns_.size(); ++i) append(i, columns_[i].head);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) append(i, row[i]);
  }
  return text;
}

}  // namespace tidemill::cli
