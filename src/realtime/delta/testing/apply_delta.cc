#include "realtime/delta/testing/apply_delta.h"

#include <cstdint>

namespace tidemill::delta {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";

std::uint64_t TakeNumber(std::string_view& text) {
  std::uint64_t number = 0;
  while (!text.empty() && kDigits.find(text[0]) != std::string_view::npos) {
    number = (number << 6) + kDigits.find(text[0]);
    text.remove_prefix(1);
  }
  return number;
}

bool Take(std::string_view& text, char expected) {
  if (text.empty() || text[0] != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::uint32_t SumOfWords(std::string_view text) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    sum += std::uint32_t{static_cast<unsigned char>(text[i])} << (24 - 8 * (i % 4));
  }
  return sum;
}

}  // namespace

Result<std::string> ApplyFossil(std::string_view source, std::string_view delta) {
  const std::uint64_t size = TakeNumber(delta);
  if (!Take(delta, '\n')) return Fail(Errc::kInvalidArgument, "no size");
  std::string target;
  while (true) {
    const std::uint64_t number = TakeNumber(delta);
    if (Take(delta, '@')) {
      const std::uint64_t offset = TakeNumber(delta);
      if (!Take(delta, ',')) return Fail(Errc::kInvalidArgument, "copy without an end");
      if (offset > source.size() || number > source.size() - offset) {
        return Fail(Errc::kInvalidArgument, "copy from beyond the source");
      }
      target += source.substr(offset, number);
    } else if (Take(delta, ':')) {
      if (number > delta.size()) return Fail(Errc::kInvalidArgument, "insert of more than there is");
      target += delta.substr(0, number);
      delta.remove_prefix(number);
    } else if (Take(delta, ';')) {
      if (target.size() != size) return Fail(Errc::kInvalidArgument, "another size");
      if (SumOfWords(target) != number) return Fail(Errc::kInvalidArgument, "another checksum");
      if (!delta.empty()) return Fail(Errc::kInvalidArgument, "more after the end");
      return target;
    } else {
      return Fail(Errc::kInvalidArgument, "unknown command");
    }
    if (target.size() > size) return Fail(Errc::kInvalidArgument, "more than its size");
  }
}

}  // namespace tidemill::delta
