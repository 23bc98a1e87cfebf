// The names by which a module's settings.h declares its section; section.h has the types.
#pragma once

namespace tidemill::config {

template <class T>
struct Section;
template <class T>
struct NamedTables;

}  // namespace tidemill::config
