#include "load/http_answers.h"

#include <strings.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "load/wire.h"

namespace load {
namespace {

// Moves bytes to `text` up to and with `end`. False if that has not come.
bool TakeUntil(std::string_view end, std::string_view& bytes, std::string& text) {
  const std::size_t before = text.size();
  text += bytes;
  const std::size_t at = text.find(end, before < end.size() ? 0 : before - end.size());
  if (at == std::string::npos) {
    bytes = {};
    return false;
  }
  bytes.remove_prefix(at + end.size() - before);
  text.resize(at + end.size());
  return true;
}

}  // namespace

// Whether a body follows.
bool HttpAnswers::ReadHead() {
  if (!text_.starts_with("HTTP/1.1 ")) Die("no HTTP: " + text_);
  status_ = std::atoi(text_.c_str() + std::strlen("HTTP/1.1 "));
  if (status_ == 204 || status_ == 304) return false;  // whatever lengths they tell (RFC 9112 section 6.3)
  const char* const length = strcasestr(text_.c_str(), "\r\nContent-Length:");
  if (length != nullptr) {
    bytes_ = std::strtoul(length + 17, nullptr, 10);
    part_ = Part::kBody;
    return bytes_ > 0;
  }
  if (strcasestr(text_.c_str(), "\r\nTransfer-Encoding: chunked") == nullptr) return false;
  part_ = Part::kChunkSize;
  return true;
}

std::size_t HttpAnswers::Take(std::string_view bytes) {
  std::size_t answers = 0;
  while (!bytes.empty()) {
    switch (part_) {
      case Part::kHead:
        if (!TakeUntil("\r\n\r\n", bytes, text_)) break;
        if (!ReadHead()) {
          part_ = Part::kHead;
          ++answers;
        }
        text_.clear();
        break;
      case Part::kBody:
      case Part::kChunk: {
        const std::size_t taken = std::min(bytes_, bytes.size());
        bytes.remove_prefix(taken);
        bytes_ -= taken;
        if (bytes_ > 0) break;
        if (part_ == Part::kBody) ++answers;
        part_ = part_ == Part::kBody ? Part::kHead : Part::kChunkSize;
        break;
      }
      case Part::kChunkSize:
        if (!TakeUntil("\r\n", bytes, text_)) break;
        bytes_ = std::strtoul(text_.c_str(), nullptr, 16) + 2;  // with its line end
        part_ = bytes_ == 2 ? Part::kTrailer : Part::kChunk;
        text_.clear();
        break;
      case Part::kTrailer:
        if (!TakeUntil("\r\n", bytes, text_)) break;
        if (text_ == "\r\n") {
          part_ = Part::kHead;
          ++answers;
        }
        text_.clear();
        break;
    }
  }
  return answers;
}

}  // namespace load
