// What people who have signed in need to call each method of the HTTP API: one table for all modules.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "api/method.h"

namespace tidemill::server {

struct MethodRole {
  std::string_view method;
  api::Admission admission;
};

std::span<const MethodRole> MethodRoles();

// Sets what each method needs. One that is not in the table stays closed to people.
void SetAdmissions(std::vector<api::Method>& methods);

}  // namespace tidemill::server
