#include "http/chunked.h"

#include "base/ascii.h"
#include "http/grammar.h"

namespace tidemill::http {
namespace {

constexpr std::size_t kChunkLineBytesMax = 256;
constexpr std::size_t kExtensionBytesMax = 8 * 1024;
constexpr std::size_t kTrailerBytesMax = 8 * 1024;

std::unexpected<Refused> Refuse(int status, const char* why) { return std::unexpected(Refused{status, why}); }

}  // namespace

std::expected<std::size_t, Refused> ChunkedDecoder::Read(std::string_view bytes, std::string& data) {
  if (bytes_ > bytes_max_) return Refuse(413, "body too large");  // known since the limit was lowered
  std::size_t used = 0;
  while (!ended_) {
    const auto got_on = ReadStep(bytes.substr(used), used, data);
    if (!got_on) return std::unexpected(got_on.error());
    if (!*got_on) break;
  }
  return used;
}

// Data is taken over as it arrives, so that a large chunk is not kept twice. False: more is to come.
std::expected<bool, Refused> ChunkedDecoder::ReadStep(std::string_view rest, std::size_t& used,
                                                      std::string& data) {
  if (chunk_left_ > 0) {
    const std::string_view piece = rest.substr(0, chunk_left_);
    data += piece;
    used += piece.size();
    chunk_left_ -= piece.size();
    chunk_ends_ = chunk_left_ == 0;
    return chunk_ends_;
  }
  if (chunk_ends_) {
    if (rest.size() < 2 && (rest.empty() || rest == "\r")) return false;
    if (!rest.starts_with("\r\n")) return Refuse(400, "chunk without its end");
    chunk_ends_ = false;
    used += 2;
    return true;
  }
  const std::size_t newline = rest.find('\n');
  const std::size_t line_max = chunks_ended_ ? kTrailerBytesMax : kChunkLineBytesMax;
  if (newline == std::string_view::npos) {
    if (rest.size() > line_max) return Refuse(400, "chunk line too long");
    return false;
  }
  if (newline > line_max) return Refuse(400, "chunk line too long");
  if (newline == 0 || rest[newline - 1] != '\r') return Refuse(400, "bare LF");
  const std::string_view line = rest.substr(0, newline - 1);
  if (!IsFieldValue(line)) return Refuse(400, "byte that may not stand in a chunk line");
  used += newline + 1;
  const auto read = chunks_ended_ ? ReadTrailer(line) : BeginChunk(line);
  if (!read) return std::unexpected(read.error());
  return true;
}

std::expected<void, Refused> ChunkedDecoder::ReadTrailer(std::string_view line) {
  trailer_bytes_ += line.size() + 2;
  ended_ = line.empty();
  if (ended_) return {};
  if (trailer_bytes_ > kTrailerBytesMax) return Refuse(431, "trailers too long");
  if (!IsToken(line.substr(0, line.find(':'))) || line.find(':') == std::string_view::npos) {
    return Refuse(400, "malformed trailer");
  }
  return {};
}

std::expected<void, Refused> ChunkedDecoder::BeginChunk(std::string_view line) {
  const std::string_view digits = line.substr(0, line.find(';'));
  const auto size = ParseHex(digits);
  if (!size) return Refuse(400, "malformed chunk size");
  extension_bytes_ += line.size() - digits.size();
  if (extension_bytes_ > kExtensionBytesMax) return Refuse(400, "chunk extensions too long");
  if (*size > bytes_max_ || bytes_ > bytes_max_ - *size) return Refuse(413, "body too large");
  bytes_ += *size;
  chunks_ended_ = *size == 0;
  chunk_left_ = *size;
  return {};
}

}  // namespace tidemill::http
