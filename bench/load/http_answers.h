// Counts whole HTTP answers in a stream of bytes, whatever their size; keeps nothing of their bodies.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace load {

class HttpAnswers {
 public:
  // Answers that these bytes complete. Dies if they are no HTTP.
  std::size_t Take(std::string_view bytes);
  // Of the answer that came last; 0: none has come.
  int status() const { return status_; }

 private:
  enum class Part { kHead, kBody, kChunkSize, kChunk, kTrailer };

  bool ReadHead();

  Part part_ = Part::kHead;
  int status_ = 0;
  std::string text_;       // of the head or the line that is not whole
  std::size_t bytes_ = 0;  // of the body or the chunk that are still to come
};

}  // namespace load
