#include "postgres/connection/pipeline.h"

#include <utility>

#include "base/assert.h"

namespace tidemill::postgres {
namespace {

std::unexpected<Error> Unasked(char type) {
  return Fail(Errc::kInvalidArgument, std::string("the server answered '") + type + "' to nothing");
}

// For the few letters of a literal cheaper than a search.
constexpr bool IsOneOf(char type, std::string_view types) {
  for (const char one : types) {
    if (one == type) return true;
  }
  return false;
}

}  // namespace

std::uint64_t Pipeline::Begin() {
  TM_ASSERT(!is_open());
  segments_.emplace_back();
  return next() - 1;
}

void Pipeline::Ask(std::string_view questions) {
  TM_ASSERT(!segments_.empty());
  segments_.back().questions += questions;
}

bool Pipeline::awaits_answer() const {
  if (segments_.empty()) return false;
  const Segment& front = segments_.front();
  // After an error only a Sync is answered.
  return front.failed ? front.questions.ends_with('S') : front.at < front.questions.size();
}

bool Pipeline::is_open() const {
  return !segments_.empty() && !segments_.back().questions.ends_with('S') &&
         !segments_.back().questions.ends_with('Q');
}

// Whether `type` is an answer to the question at hand, and the last one to it.
bool Pipeline::Answers(Segment& segment, char type, bool& ends_question) {
  ends_question = true;
  switch (static_cast<Question>(segment.questions[segment.at])) {
    case Question::kParse: return type == '1';
    case Question::kBind: return type == '2';
    case Question::kClose: return type == '3';
    case Question::kDescribe:
      if (!segment.has_parameters) {
        ends_question = false;
        segment.has_parameters = type == 't';
        return type == 't';
      }
      segment.has_parameters = !IsOneOf(type, "Tn");
      return IsOneOf(type, "Tn");
    case Question::kCopy: ends_question = type == 'C'; return IsOneOf(type, "GHdcC");
    case Question::kExecute: ends_question = IsOneOf(type, "CIs"); return IsOneOf(type, "DCIs");
    case Question::kQuery: ends_question = type == 'Z'; return IsOneOf(type, "TDCIGHWdcZ");
    case Question::kSync: return type == 'Z';
  }
  return false;
}

Result<Pipeline::Place> Pipeline::Take(char type) {
  if (segments_.empty()) return Unasked(type);
  Segment& front = segments_.front();
  Place place{.question = front.at, .ends_segment = type == 'Z'};
  const bool at_end = !front.questions.empty() && front.at + 1 == front.questions.size();
  const char last = front.questions.empty() ? '\0' : front.questions.back();
  if (type == 'E') {
    if (std::exchange(front.failed, true)) return Unasked(type);
    return place;
  }
  if (front.failed) {
    // A simple query ends with ReadyForQuery as well.
    if (type == 'Z' && IsOneOf(last, "SQ")) {
      segments_.pop_front();
      ++first_;
      return place;
    }
    return Unasked(type);
  }
  bool ends_question = false;
  if (front.at >= front.questions.size() || !Answers(front, type, ends_question)) return Unasked(type);
  if (!place.ends_segment) {
    if (ends_question) ++front.at;
    return place;
  }
  if (!at_end) return Unasked(type);
  segments_.pop_front();
  ++first_;
  return place;
}

}  // namespace tidemill::postgres
