// links: postgres
// Answers in any order to any questions: no crash, each that is taken belongs to a question that was asked,
// and a segment ends once.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "postgres/connection/pipeline.h"
#include "postgres/statements/keywords.h"
#include "postgres/statements/words.h"

namespace {

using namespace tidemill::postgres;

// Questions are the bytes 0x80 to 0x87, so that answers keep their letters.
constexpr std::string_view kQuestions = "PBDEYCQS";

void CheckPipeline(std::string_view bytes) {
  Pipeline pipeline;
  for (const char c : bytes) {
    const auto question = static_cast<unsigned char>(c) - 0x80u;
    if (question < kQuestions.size()) {
      if (!pipeline.is_open()) pipeline.Begin();
      pipeline.Ask(kQuestions.substr(question, 1));
      continue;
    }
    const auto first = pipeline.first();
    const auto place = pipeline.Take(c);
    if (!place) return;
    TM_ASSERT(pipeline.first() == first + (place->ends_segment ? 1 : 0));
    TM_ASSERT(pipeline.first() <= pipeline.next());
  }
}

void CheckWords(std::string_view text) {
  std::size_t bytes = 0;
  Words words(text);
  for (std::string word = words.Next(); !word.empty(); word = words.Next()) bytes += word.size();
  TM_ASSERT(bytes <= text.size());
  (void)LooksReadOnly(text);
  (void)RefusalOf(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckPipeline(bytes);
  CheckWords(bytes);
  return 0;
}
