#include "jobs/faktory/reply.h"

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/utf8.h"

namespace tidemill::faktory {
namespace {

constexpr std::string_view kEnd = "\r\n";

bool IsOneLine(std::string_view text) { return text.find_first_of(kEnd) == std::string_view::npos; }

}  // namespace

void AppendOk(std::string& out) { out += "+OK\r\n"; }

void AppendSimple(std::string_view text, std::string& out) {
  TM_ASSERT(IsOneLine(text));
  out += '+';
  out += text;
  out += kEnd;
}

void AppendError(std::string_view text, std::string& out) {
  out += "-ERR ";
  for (const char c : CutUtf8(text, kErrorBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  out += kEnd;
}

void AppendNotUnique(std::string& out) { out += "-NOTUNIQUE Job not unique\r\n"; }

void AppendBulk(std::string_view text, std::string& out) {
  TM_ASSERT(IsOneLine(text));
  out += '$';
  AppendUnsigned(text.size(), out);
  out += kEnd;
  out += text;
  out += kEnd;
}

void AppendNull(std::string& out) { out += "$-1\r\n"; }

void AppendInteger(std::int64_t value, std::string& out) {
  out += ':';
  AppendSigned(value, out);
  out += kEnd;
}

}  // namespace tidemill::faktory
