// SegmentWriter: the messages of one segment, and the questions they are.
//
// Reused: Clear keeps its memory. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "postgres/connection/pipeline.h"
#include "postgres/protocol/frontend.h"

namespace tidemill::postgres {

class SegmentWriter {
 public:
  void Clear() {
    bytes_.clear();
    questions_.clear();
    if (bytes_.capacity() > kKeptCapacity) bytes_ = {};
  }

  void Parse(std::string_view name, std::string_view text, std::span<const std::uint32_t> parameter_oids) {
    AppendParse(bytes_, name, text, parameter_oids);
    Note(Question::kParse);
  }
  void Bind(const Binding& binding) {
    AppendBind(bytes_, binding);
    Note(Question::kBind);
  }
  void Describe(std::string_view statement) {
    AppendDescribe(bytes_, Target::kStatement, statement);
    Note(Question::kDescribe);
  }
  void Execute(std::uint32_t rows_max = 0) {
    AppendExecute(bytes_, "", rows_max);
    Note(Question::kExecute);
  }
  void ExecuteCopy() {
    AppendExecute(bytes_, "", 0);
    Note(Question::kCopy);
  }
  void Close(std::string_view statement) {
    AppendClose(bytes_, Target::kStatement, statement);
    Note(Question::kClose);
  }
  void Query(std::string_view text) {
    AppendQuery(bytes_, text);
    Note(Question::kQuery);
  }
  void Sync() {
    AppendSync(bytes_);
    Note(Question::kSync);
  }
  void Flush() { AppendFlush(bytes_); }
  // One statement from its text to its end.
  void Once(std::string_view text) {
    Parse("", text, {});
    Bind({.portal = {}, .statement = {}, .parameters = {}, .result_formats = {}});
    Execute();
  }
  void Append(const SegmentWriter& more) {
    bytes_ += more.bytes_;
    questions_ += more.questions_;
  }
  // Messages that are no questions: CopyData and its like.
  std::string& unasked() { return bytes_; }

  const std::string& bytes() const { return bytes_; }
  const std::string& questions() const { return questions_; }

 private:
  static constexpr std::size_t kKeptCapacity = 64 * 1024;

  void Note(Question question) { questions_.push_back(static_cast<char>(question)); }

  std::string bytes_;
  std::string questions_;
};

}  // namespace tidemill::postgres
