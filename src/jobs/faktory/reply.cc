#include "jobs/faktory/reply.h"

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/utf8.h"

namespace tidemill::faktory {
namespace {

constexpr std::string_view kEnd = "\r\n";

// Two searches of whole blocks of bytes: a job may be long.
bool IsOneLine(std::string_view text) { return !text.contains('\r') && !text.contains('\n'); }

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

std::string_view FailedText(const Error& error) {
  switch (error.code) {
    case Errc::kAlreadyExists: return "Job not unique";
    case Errc::kUnavailable:
    case Errc::kTimeout:
    case Errc::kRefused: return "the store of jobs is away: nothing was kept, try again";
    case Errc::kPermissionDenied: return "the jobs have moved to another node: nothing was kept, try again";
    case Errc::kInternal: return "internal error";
    default: return error.detail;
  }
}

void AppendFailed(const Error& error, std::string& out) {
  if (error.code == Errc::kAlreadyExists) return AppendNotUnique(out);
  AppendError(FailedText(error), out);
}

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
