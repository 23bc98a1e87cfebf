// @param: what is said of one parameter.
#pragma once

#include <optional>

#include "queries/files/tag_reader.h"
#include "queries/files/tags.h"

namespace tidemill::files {

// nullopt after it has reported why.
std::optional<Declaration> ReadParam(TagReader& reader);

}  // namespace tidemill::files
