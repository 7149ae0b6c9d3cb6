// The two settings the privileged parent needs before anything runs: the data folder and the user. They are read by a
// child without any right, so that the parent never parses a file.
#pragma once

#include <string>

#include "apps/supervisor/wording.h"
#include "base/result.h"

namespace hikyaku::apps {

struct FirstSettings {
  std::string data_folder, user;
};

// The error is ready to be printed: one line for each mistake of the file, put into words by the child too.
[[nodiscard]] Result<FirstSettings, std::string> read_first_settings(int settings_file, const std::string& name, Wording wording);

}  // namespace hikyaku::apps
