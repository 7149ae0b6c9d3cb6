// What the import commands have in common: the text they are given, its refused rows, and the report.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/cli/access/data_access.h"
#include "services/directory/gateway_text.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

// The options FILE, those `between`, --dry-run.
[[nodiscard]] std::vector<Option> import_options(std::vector<Option> between = {});

// The octets of FILE, or of standard input for "-". Nothing: the reason was printed.
[[nodiscard]] std::optional<std::string> read_file_argument(const Invocation& call);

// The text of FILE, as UTF-8 whatever its charset (table_text.h). A text with a line that cannot be read is refused whole: it was
// reported, return what is given instead.
[[nodiscard]] Result<std::string, Exit> read_table_argument(const Invocation& call);

// Hands that text and the directory to `work`, which reports.
using ImportWork = directory::DirectoryResult<Exit> (*)(Invocation& call, directory::Editor& editor, const std::string& text);
[[nodiscard]] Exit import_text(Invocation& call, ImportWork work);

// The report: rows taken, rows refused with their lines (as text the first 20 of them), and how many were there already, which is no failure.
[[nodiscard]] Exit report_import(const Invocation& call, std::size_t taken, std::vector<directory::BadRow> refused, std::size_t there_already = 0);
// Its members, into an object that is open.
void write_import(telemetry::JsonWriter& json, const Invocation& call, std::size_t taken, std::size_t there_already, const std::vector<directory::BadRow>& refused);
// The same for rows that were tried one by one: `bad` ones are no rows at all, `lines` are those of the tried.
[[nodiscard]] Exit report_tried(const Invocation& call, std::vector<directory::BadRow> bad, const std::vector<std::size_t>& lines,
                                std::vector<directory::Editor::Rejected> rejected);

}  // namespace hikyaku::cli
