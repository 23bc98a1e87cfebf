// Pipeline: what was asked of a server on one connection, in order, and which answer belongs to what. The
// server must say neither more nor less than it was asked.
//
// Questions come in segments. A segment ends with its own Sync, so that an error ends no other: the server
// passes over the rest of the segment and says ReadyForQuery. Without I/O; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::postgres {

enum class Question : char {
  kParse = 'P',
  kBind = 'B',
  kDescribe = 'D',  // of a statement: its parameters, then its columns
  kExecute = 'E',
  kCopy = 'Y',  // Execute of a COPY
  kClose = 'C',
  kQuery = 'Q',  // simple: whatever it gives, up to the ReadyForQuery that ends it
  kSync = 'S',
};

class Pipeline {
 public:
  // Segments are numbered from 0. The last one before this has ended or has its Sync.
  std::uint64_t Begin();
  // More questions of the newest segment, each a Question's letter.
  void Ask(std::string_view questions);

  struct Place {
    std::size_t question = 0;  // of the first segment that has not ended; of an error, the one that failed
    bool ends_segment = false;
  };
  // For every message but NoticeResponse, ParameterStatus and NotificationResponse. kInvalidArgument: nothing
  // was asked to which this is an answer.
  Result<Place> Take(char type);

  bool empty() const { return segments_.empty(); }
  std::size_t size() const { return segments_.size(); }
  std::uint64_t first() const { return first_; }
  std::uint64_t next() const { return first_ + segments_.size(); }
  // Something was asked that has no answer yet.
  bool awaits_answer() const;
  // The newest segment has no Sync yet.
  bool is_open() const;

 private:
  struct Segment {
    std::string questions;
    std::size_t at = 0;  // the question that is answered next
    bool failed = false;
    bool has_parameters = false;  // of the description that is being given
  };

  static bool Answers(Segment& segment, char type, bool& ends_question);

  std::deque<Segment> segments_;
  std::uint64_t first_ = 0;
};

}  // namespace tidemill::postgres
