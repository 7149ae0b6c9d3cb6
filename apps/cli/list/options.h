// What `list add` and `list set` have in common: the properties of a mailing list on the command line, and lists in words.
#pragma once

#include "apps/cli/command.h"
#include "services/directory/error.h"
#include "services/directory/types.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

[[nodiscard]] std::vector<Option> list_options();  // ADDRESS first
// What was given goes to `list`; an empty value takes away.
void take_list_options(const Invocation& call, directory::MailingList& list);

void write_list(telemetry::JsonWriter& json, const directory::MailingList& list);
[[nodiscard]] std::string_view posting_words(const Invocation& call, directory::Posting posting);

}  // namespace hikyaku::cli
