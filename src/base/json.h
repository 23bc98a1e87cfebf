// JSON (RFC 8259): a reader that pulls values out of a text, and a writer that appends to one.
#pragma once

#include "base/json_reader.h"
#include "base/json_writer.h"
