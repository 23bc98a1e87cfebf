#include "cli/jobs/job_output.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/ascii.h"
#include "base/json_reader.h"
#include "base/utf8.h"

namespace tidemill::cli {
namespace {

constexpr std::string_view kProgress = "::progress ";

std::optional<Progress> ParseProgress(std::string_view line) {
  if (!line.starts_with(kProgress)) return std::nullopt;
  const std::string_view rest = TrimBlanks(line.substr(kProgress.size()));
  Progress progress;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), progress.percent);
  if (error != std::errc{} || progress.percent < 0 || progress.percent > 100) return std::nullopt;
  std::string_view text = rest.substr(static_cast<std::size_t>(end - rest.data()));
  if (text.starts_with('%')) text.remove_prefix(1);
  progress.text = TrimBlanks(text);
  return progress;
}

}  // namespace

void JobOutput::OnOutput(Stream stream, std::string_view bytes) {
  for (std::size_t end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
    Add(stream, bytes.substr(0, end));
    EndLine(stream);
    bytes.remove_prefix(end + 1);
  }
  Add(stream, bytes);
}

void JobOutput::End() {
  for (const Stream stream : {Stream::kOut, Stream::kErr}) {
    if (!partial_[static_cast<std::size_t>(stream)].empty()) EndLine(stream);
  }
}

void JobOutput::Add(Stream stream, std::string_view bytes) {
  std::string& line = partial_[static_cast<std::size_t>(stream)];
  line.append(bytes.substr(0, kOutputLineBytesMax - std::min(line.size(), kOutputLineBytesMax)));
}

void JobOutput::EndLine(Stream stream) {
  std::string line = std::exchange(partial_[static_cast<std::size_t>(stream)], {});
  if (line.ends_with('\r')) line.pop_back();
  if (std::optional<Progress> progress = ParseProgress(line)) {
    progress_ = std::move(progress);
    return;
  }
  Log(line);
  if (TrimBlanks(line).empty()) return;
  if (stream == Stream::kOut) {
    last_line_ = std::move(line);
  } else {
    if (errors_.size() >= kErrorLinesMax) errors_.pop_front();
    errors_.push_back(std::move(line));
  }
}

void JobOutput::Log(std::string_view line) {
  if (logged_ > kLogLinesMax) return;
  if (++logged_ > kLogLinesMax) {
    log_.push_back("… what follows is not kept");
    return;
  }
  log_.emplace_back(CutUtf8(line, kLogLineBytesMax));
}

std::vector<std::string> JobOutput::TakeLog(std::size_t count) {
  const auto end = log_.begin() + static_cast<std::ptrdiff_t>(std::min(count, log_.size()));
  std::vector<std::string> taken(std::make_move_iterator(log_.begin()), std::make_move_iterator(end));
  log_.erase(log_.begin(), end);
  return taken;
}

std::optional<Progress> JobOutput::TakeProgress() { return std::exchange(progress_, std::nullopt); }

std::string JobOutput::Result() const { return IsJson(last_line_) ? last_line_ : ""; }

}  // namespace tidemill::cli
