#include "apps/cli/access/directory_views.h"

namespace hikyaku::cli {

Exit list_directory(Invocation& call, const std::vector<Words>& headings, const Words& none, AddRows add_rows) {
  Listing listing(call, headings, none);
  return with_directory(call, [&](Invocation&, directory::Editor& editor) -> directory::DirectoryResult<> {
    TRY(snapshot, editor.read());
    TRY_VOID(add_rows(listing, *snapshot));
    listing.print();
    return {};
  });
}

}  // namespace hikyaku::cli
