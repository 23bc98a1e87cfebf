#include "realtime/session/authority.h"

#include "realtime/session/default_authority.h"

namespace tidemill::session {

Authorities::Authorities() : default_(MakeDefaultAuthority()) {}

Authority& Authorities::For(std::string_view name_space) const {
  Authority* const registered = table_.Find(name_space);
  return registered ? *registered : *default_;
}

}  // namespace tidemill::session
