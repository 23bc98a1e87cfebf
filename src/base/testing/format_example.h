// The examples in the documents of the formats (docs/formats/), for tests that compare them with the code.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::testing {

// The fenced block that begins with "```json <name>" in docs/formats/<document>, without the end of its last
// line. It must be there.
std::string TextExample(std::string_view document, std::string_view name);

// The same for "```hex <name>": the bytes at the beginning of each line. Two spaces end the bytes of a line;
// the rest is a remark.
std::string BytesExample(std::string_view document, std::string_view name);

}  // namespace tidemill::testing
