// links: chat_search
// What is typed into the search box: it is read within its limits, or refused with a sentence.
// The text of an index keeps every byte but for blanks.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/utf8.h"
#include "chat/search/indexed_text.h"
#include "chat/search/query.h"

using namespace tidemill;

namespace {

std::string WithoutBlanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  TM_ASSERT(WithoutBlanks(chat::IndexedText(text)) == WithoutBlanks(text));
  const auto query = chat::ParseSearch(text);
  if (!query) {
    TM_ASSERT(!query.error().empty());
    return 0;
  }
  TM_ASSERT(query->phrases.size() <= chat::kSearchPhrasesMax);
  TM_ASSERT(query->from.size() <= chat::kSearchNamesMax && query->in.size() <= chat::kSearchNamesMax);
  for (const std::string& phrase : query->phrases) {
    TM_ASSERT(!phrase.empty() && IsUtf8(phrase) && !phrase.contains('"'));
    TM_ASSERT(text.contains(phrase));
  }
  return 0;
}
