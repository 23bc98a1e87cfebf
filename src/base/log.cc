#include "base/log.h"

#include <time.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <string>

#include "base/assert.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/line_writer.h"
#include "base/utf8.h"

namespace tidemill::log {
namespace {

constexpr std::size_t kValueBytesMax = 512;
constexpr Duration kLastWordsPatience = Milliseconds(500);

std::atomic<Level> current_level = Level::kInfo;
std::atomic<Format> current_format = Format::kText;
std::atomic<Sink> test_sink = nullptr;
std::atomic<LineWriter*> background = nullptr;

std::string_view NameOf(Level level) {
  switch (level) {
    case Level::kDebug: return "DEBUG";
    case Level::kInfo: return "INFO";
    case Level::kWarn: return "WARN";
    case Level::kError: return "ERROR";
    case Level::kOff: break;
  }
  return "OFF";
}

std::string_view LowerNameOf(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarn: return "warn";
    case Level::kError: return "error";
    case Level::kOff: break;
  }
  return "off";
}

// 2026-11-23T16:50:31.123Z
void AppendTimestamp(WallTime at, std::string& line) {
  const time_t seconds = at.ms / 1000;
  tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  const int length = std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                                   utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                                   utc.tm_sec, static_cast<int>(at.ms % 1000));
  line.append(text, static_cast<std::size_t>(length));
}

bool IsBare(std::string_view value) {
  for (const char c : value) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=') return false;
  }
  return !value.empty();
}

void AppendHexByte(char c, std::string& line) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  line += "\\x";
  line += kHex[byte >> 4];
  line += kHex[byte & 15];
}

// Between quotes, so that no byte of it can end the line or speak to a terminal. U+0080 to U+009F are
// control characters too.
void AppendQuoted(std::string_view value, std::string& line) {
  line += '"';
  while (!value.empty()) {
    const std::size_t length = Utf8SequenceLength(value);
    const char c = value[0];
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ||
                         (length == 2 && c == '\xc2' && static_cast<unsigned char>(value[1]) < 0xa0);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (control || length == 0) {
      for (const char byte : value.substr(0, length == 0 ? 1 : length)) AppendHexByte(byte, line);
    } else {
      line.append(value.substr(0, length));
    }
    value.remove_prefix(length == 0 ? 1 : length);
  }
  line += '"';
}

// Cut at the limit, and said so.
std::string Shortened(std::string_view value) {
  std::string text(CutUtf8(value, kValueBytesMax));
  if (text.size() < value.size()) text += "...";
  return text;
}

struct TextValue {
  std::string& line;

  void operator()(std::string_view value) const {
    const std::string text = Shortened(value);
    if (IsBare(text)) {
      line += text;
    } else {
      AppendQuoted(text, line);
    }
  }
  void operator()(bool value) const { line += value ? "true" : "false"; }
  void operator()(auto number) const {
    char text[32];
    line.append(text, std::to_chars(text, text + sizeof(text), number).ptr);
  }
};

struct JsonValue {
  JsonWriter& json;

  void operator()(std::string_view value) const { json.String(Shortened(value)); }
  void operator()(bool value) const { json.Bool(value); }
  void operator()(double value) const { json.Double(value); }
  void operator()(auto integer) const { json.Integer(integer); }
};

void AppendText(Level level, std::string_view event, Fields fields, std::string& line) {
  AppendTimestamp(SystemClock().WallNow(), line);
  line += ' ';
  line += NameOf(level);
  line += ' ';
  line += event;
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    std::visit(TextValue{line}, field.value);
  }
}

void AppendJson(Level level, std::string_view event, Fields fields, std::string& line) {
  std::string time;
  AppendTimestamp(SystemClock().WallNow(), time);
  JsonWriter json(line);
  json.BeginObject();
  json.Member("time", time);
  json.Member("level", LowerNameOf(level));
  json.Member("event", event);
  for (const Field& field : fields) {
    json.DynamicKey(field.key);
    std::visit(JsonValue{json}, field.value);
  }
  json.EndObject();
}

std::string Line(Level level, std::string_view event, Fields fields) {
  std::string line;
  line.reserve(256);
  if (current_format.load(std::memory_order_relaxed) == Format::kJson) {
    AppendJson(level, event, fields, line);
  } else {
    AppendText(level, event, fields, line);
  }
  return line;
}

void Write(Level level, std::string_view event, Fields fields) {
  if (!Enabled(level)) return;
  std::string line = Line(level, event, fields);
  if (const Sink sink = test_sink.load(std::memory_order_relaxed)) return sink(line);
  if (LineWriter* const writer = background.load(std::memory_order_acquire)) return writer->Add(line);
  line += '\n';
  // A command without a background. Nobody could be told of a failure to log.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

// Also where nothing below an error is logged: it is the only trace of what is missing.
std::string DescribeDropped(std::uint64_t lines) {
  return Line(Level::kWarn, "log.lines_dropped", {{"lines", lines}});
}

}  // namespace

void Configure(Options options) {
  current_level.store(options.level, std::memory_order_relaxed);
  current_format.store(options.format, std::memory_order_relaxed);
}

bool Enabled(Level level) {
  return level != Level::kOff && level >= current_level.load(std::memory_order_relaxed);
}

Background::Background() {
  TM_ASSERT(background.load() == nullptr);
  background = new LineWriter({.descriptor = STDERR_FILENO, .describe_dropped = DescribeDropped});
}

Background::~Background() { delete background.exchange(nullptr); }

std::uint64_t DroppedLines() {
  const LineWriter* const writer = background.load(std::memory_order_acquire);
  return writer ? writer->dropped() : 0;
}

std::size_t WaitingBytes() {
  const LineWriter* const writer = background.load(std::memory_order_acquire);
  return writer ? writer->waiting_bytes() : 0;
}

bool WriteLastWords(std::string_view text) {
  if (const LineWriter* const writer = background.load(std::memory_order_acquire)) {
    if (!writer->Flush(kLastWordsPatience)) return false;
  }
  return WriteWithin(STDERR_FILENO, text, kLastWordsPatience);
}

void SetSinkForTest(Sink sink) { test_sink.store(sink, std::memory_order_relaxed); }

void Debug(std::string_view event, Fields fields) { Write(Level::kDebug, event, fields); }
void Info(std::string_view event, Fields fields) { Write(Level::kInfo, event, fields); }
void Warn(std::string_view event, Fields fields) { Write(Level::kWarn, event, fields); }
void Error(std::string_view event, Fields fields) { Write(Level::kError, event, fields); }

}  // namespace tidemill::log
