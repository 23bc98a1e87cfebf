#include "realtime/delta/fossil.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/utf8.h"

namespace tidemill::delta {
namespace {

constexpr std::size_t kBlockBytes = 16;
// A command to copy costs up to 14 bytes, mostly 6.
constexpr std::size_t kCopyBytesMin = 12;
constexpr int kPlacesMax = 8;
constexpr std::uint32_t kMultiplier = 0x9e3779b1;

constexpr std::uint32_t PowerOfMultiplier(std::size_t exponent) {
  std::uint32_t power = 1;
  while (exponent-- > 0) power *= kMultiplier;
  return power;
}
constexpr std::uint32_t kOldestFactor = PowerOfMultiplier(kBlockBytes);

std::uint32_t ByteAt(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

// Of a block: a sum that can be rolled on by a byte.
std::uint32_t HashOf(std::string_view block) {
  std::uint32_t hash = 0;
  for (std::size_t i = 0; i < kBlockBytes; ++i) hash = (hash + ByteAt(block, i) + 1) * kMultiplier;
  return hash;
}

std::uint32_t Rolled(std::uint32_t hash, std::uint32_t oldest, std::uint32_t newest) {
  return (hash + newest + 1) * kMultiplier - (oldest + 1) * kOldestFactor * kMultiplier;
}

std::uint64_t WordAt(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

std::size_t CommonPrefix(std::string_view a, std::string_view b) {
  const std::size_t bytes_max = std::min(a.size(), b.size());
  std::size_t bytes = 0;
  while (bytes + 8 <= bytes_max && WordAt(a.data() + bytes) == WordAt(b.data() + bytes)) bytes += 8;
  while (bytes < bytes_max && a[bytes] == b[bytes]) ++bytes;
  return bytes;
}

std::size_t CommonSuffix(std::string_view a, std::string_view b) {
  const std::size_t bytes_max = std::min(a.size(), b.size());
  const char* const a_end = a.data() + a.size();
  const char* const b_end = b.data() + b.size();
  std::size_t bytes = 0;
  while (bytes + 8 <= bytes_max && WordAt(a_end - bytes - 8) == WordAt(b_end - bytes - 8)) bytes += 8;
  while (bytes < bytes_max &&
         a_end[-1 - static_cast<std::ptrdiff_t>(bytes)] == b_end[-1 - static_cast<std::ptrdiff_t>(bytes)]) {
    ++bytes;
  }
  return bytes;
}

bool IsInsideCharacter(std::string_view text, std::size_t at) {
  return at < text.size() && IsUtf8Continuation(text[at]);
}

void AppendNumber(std::size_t number, std::string& out) {
  static constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
  char digits[11];
  std::size_t count = 0;
  do {
    digits[count++] = kDigits[number & 63];
    number >>= 6;
  } while (number > 0);
  while (count > 0) out += digits[--count];
}

std::uint32_t Checksum(std::string_view text) {
  std::uint32_t sum = 0;
  std::size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    if constexpr (std::endian::native == std::endian::little) word = std::byteswap(word);
    sum += word;
  }
  for (std::uint32_t shift = 24; at < text.size(); ++at, shift -= 8) sum += ByteAt(text, at) << shift;
  return sum;
}

}  // namespace

std::optional<std::string_view> FossilEncoder::Encode(std::string_view source, std::string_view target) {
  source_ = source;
  target_ = target;
  written_ = 0;
  out_.clear();
  out_.reserve(target.size());
  AppendNumber(target.size(), out_);
  out_ += '\n';
  const std::size_t prefix = CommonPrefix(source, target);
  const std::size_t suffix = CommonSuffix(source.substr(prefix), target.substr(prefix));
  const Match head = AtCharacters({0, 0, prefix});
  const Match tail = AtCharacters({source.size() - suffix, target.size() - suffix, suffix});
  if (head.bytes >= kCopyBytesMin) Copy(head);
  const bool ends_alike = tail.bytes >= kCopyBytesMin;
  EncodeMiddle(written_, ends_alike ? tail.target : target.size());
  if (ends_alike) Copy(tail);
  if (TooLong()) return std::nullopt;
  AppendNumber(Checksum(target), out_);
  out_ += ';';
  if (TooLong()) return std::nullopt;
  return out_;
}

void FossilEncoder::EncodeMiddle(std::size_t begin, std::size_t end) {
  std::size_t at = begin;
  if (end - begin >= kBlockBytes && source_.size() >= kBlockBytes) {
    IndexSource();
    std::uint32_t hash = HashOf(target_.substr(at));
    while (at + kBlockBytes <= end) {
      const Match match = FindMatch(hash, at, written_, end);
      if (match.bytes >= kCopyBytesMin) {
        Copy(match);
        if (TooLong()) return;
        at = written_;
        if (at + kBlockBytes <= end) hash = HashOf(target_.substr(at));
        continue;
      }
      if (at + kBlockBytes < end) hash = Rolled(hash, ByteAt(target_, at), ByteAt(target_, at + kBlockBytes));
      ++at;
    }
  }
  InsertUntil(end);
}

// The last block first, so that each list begins with the first place. A block like the one before it is left
// out: what it matches the one before it matches too.
void FossilEncoder::IndexSource() {
  const std::size_t blocks = source_.size() / kBlockBytes;
  first_.assign(std::bit_ceil(blocks * 2), 0);
  next_.resize(blocks);
  hashes_.resize(blocks);
  for (std::size_t i = 0; i < blocks; ++i) hashes_[i] = HashOf(source_.substr(i * kBlockBytes));
  for (std::size_t i = blocks; i-- > 0;) {
    if (i > 0 && hashes_[i] == hashes_[i - 1]) continue;
    std::uint32_t& first = first_[hashes_[i] & (first_.size() - 1)];
    next_[i] = first;
    first = static_cast<std::uint32_t>(i + 1);
  }
}

FossilEncoder::Match FossilEncoder::FindMatch(std::uint32_t hash, std::size_t at, std::size_t from,
                                              std::size_t end) const {
  Match best;
  std::uint32_t block = first_[hash & (first_.size() - 1)];
  for (int tried = 0; block != 0 && tried < kPlacesMax; ++tried) {
    const std::size_t index = block - 1;
    block = next_[index];
    if (hashes_[index] != hash) continue;
    const Match match = AtCharacters(Extended(index * kBlockBytes, at, from, end));
    if (match.bytes > best.bytes) best = match;
  }
  return best;
}

// No bytes: the block at `source` is another one that has the same hash.
FossilEncoder::Match FossilEncoder::Extended(std::size_t source, std::size_t at, std::size_t from,
                                             std::size_t end) const {
  const std::size_t after = CommonPrefix(source_.substr(source), target_.substr(at, end - at));
  if (after < kBlockBytes) return {};
  const std::size_t before = CommonSuffix(source_.substr(0, source), target_.substr(from, at - from));
  return {source - before, at - before, before + after};
}

// A character has at most three bytes after its first: where there are more, it is no UTF-8.
FossilEncoder::Match FossilEncoder::AtCharacters(Match match) const {
  for (int i = 0; i < 3 && match.bytes > 0 && IsInsideCharacter(target_, match.target); ++i) {
    ++match.source;
    ++match.target;
    --match.bytes;
  }
  for (int i = 0; i < 3 && match.bytes > 0 && IsInsideCharacter(target_, match.target + match.bytes); ++i) {
    --match.bytes;
  }
  return match;
}

void FossilEncoder::Copy(const Match& match) {
  InsertUntil(match.target);
  AppendNumber(match.bytes, out_);
  out_ += '@';
  AppendNumber(match.source, out_);
  out_ += ',';
  written_ = match.target + match.bytes;
}

void FossilEncoder::InsertUntil(std::size_t end) {
  if (written_ == end) return;
  AppendNumber(end - written_, out_);
  out_ += ':';
  out_ += target_.substr(written_, end - written_);
  written_ = end;
}

}  // namespace tidemill::delta
