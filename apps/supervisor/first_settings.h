// The settings the privileged parent needs for itself: the data folder and the user before anything runs, and the files of
// [tls]. They are read by a child without any right, so that the parent never parses a file, and from the settings file, so
// that no other process has a say in what the parent opens.
#pragma once

#include <optional>
#include <string>

#include "apps/supervisor/wording.h"
#include "base/result.h"

namespace hikyaku::apps {

struct FirstSettings {
  std::string data_folder, user;
  std::string certificate, key;  // paths; empty: none
};

// What the file holds. Nothing: it cannot be read, or is larger than 1 MiB.
[[nodiscard]] std::optional<std::string> read_settings_file(int settings_file);

// Out of that. The error is ready to be printed: one line for each mistake of the file, put into words
// by the child too.
[[nodiscard]] Result<FirstSettings, std::string> read_first_settings(const std::optional<std::string>& text, const std::string& name, Wording wording);

}  // namespace hikyaku::apps
