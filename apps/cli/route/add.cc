// hikyaku route add
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "apps/cli/value.h"
#include "services/directory/routes.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const auto route = directory::parse_route(call.value("ROW"));
  if (!route) return directory::refuse(directory::DirectoryFailure::BadValue, route.error());
  TRY_VOID(editor.add_route(*route, count_of(call, "--row", 0)));
  report_done(call, {"added", "追加した"}, directory::print_route(*route));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command route_add_command() {
  return {.name = "route add",
          .help = {"add a row to the route table: pattern,host,port", "経路表に行を加える: パターン,ホスト,ポート"},
          .options = {{"ROW", OptionKind::Argument, {"as in gateway.dat: \"*.abc.example,smtp01.example.net,25\"", "gateway.dat と同じ: \"*.abc.example,smtp01.example.net,25\""}},
                      count_option("--row", 1, 1'000'000, {"its place, 1 for the first; otherwise the last", "置く位置。1 が先頭。省くと末尾"})},
          .run = run,
          .more = {"The first row that matches wins. A pattern with @ is compared with the whole address, one without with the domain; *.abc.example covers abc.example too, unless that has a row of its own. \"pattern|sender\" asks for the sender as well. Several hosts, with spaces between, are tried in order. After the port: lmtp, tls=none|opportunistic|required|verified, login=USER, auth=plain|login|scram-sha-256|xoauth2, source=ADDRESS, fallback=HOST, after=FAILURES. A row alone never opens the server to strangers.", "最初に一致した行が使われる。@ を含むパターンは宛先全体と、含まないものはドメインと比べる。*.abc.example は、abc.example 自身の行がなければ abc.example も含む。「パターン|差出人」と書くと差出人も条件になる。ホストは空白で区切って複数書け、順に試される。ポートの後に lmtp、tls=none|opportunistic|required|verified、login=利用者、auth=plain|login|scram-sha-256|xoauth2、source=アドレス、fallback=ホスト、after=失敗回数 を書ける。行を加えるだけで第三者中継が開くことはない。"}};
}

}  // namespace hikyaku::cli
