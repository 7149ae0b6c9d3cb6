// What the commands that show the directory have in common: the list of many things, and the facts of one.
#pragma once

#include "apps/cli/access/data_access.h"
#include "apps/cli/terminal/listing.h"

namespace hikyaku::cli {

// Adds what is to be listed; an error is what the command fails with.
using AddRows = directory::DirectoryResult<> (*)(Listing& to, const directory::Snapshot& directory);
[[nodiscard]] Exit list_directory(Invocation& call, const std::vector<Words>& headings, const Words& none, AddRows add_rows);

// Shows the one that the argument ADDRESS names: `find` gets it (never null), `write` is its JSON, `tell` its facts for people.
template <class Thing>
struct DirectoryView {
  directory::DirectoryResult<const Thing*> (*find)(const directory::Snapshot& directory, std::string_view address);
  void (*write)(telemetry::JsonWriter& json, const Thing& thing);
  void (*tell)(FactSheet& sheet, const Invocation& call, const directory::Snapshot& directory, const Thing& thing);
};

template <class Thing>
[[nodiscard]] Exit show_of_directory(Invocation& call, const DirectoryView<Thing>& view) {
  return with_directory(call, [&view](Invocation& asked, directory::Editor& editor) -> directory::DirectoryResult<> {
    TRY(snapshot, editor.read());
    TRY(thing, view.find(*snapshot, asked.value("ADDRESS")));
    if (asked.json) {
      telemetry::JsonWriter json;
      view.write(json, *thing);
      asked.print(json.take());
      return {};
    }
    FactSheet sheet(asked);
    view.tell(sheet, asked, *snapshot, *thing);
    sheet.print();
    return {};
  });
}

}  // namespace hikyaku::cli
