// The section about accounts that somebody else sends from.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

struct AbuseSection : Section {
  AbuseSection() : Section("abuse", "Accounts that somebody else sends from (`hikyaku account contain`). Two kinds of evidence are needed: sudden volume, new networks or countries, refused recipients.",
                           "乗っ取られたアカウントからの送信への対処(hikyaku account contain)。急な大量送信、新しいネットワークや国、宛先の拒否のうち二つが揃うと動作する。") {}
  Setting<Text> hijacked{*this, "hijacked", {
      .help = "What becomes of such an account. enforce: its sending is suspended, its queued mail held, the administrator told ([alarm]); reading goes on. shadow: only a line in the log. off: nobody looks.",
      .help_ja = "該当したアカウントの扱い。enforce は送信を停止し、配送待ちのメールを保留し、管理者に知らせる([alarm])。閲覧は続けられる。shadow はログに残すだけ、off は調べない。",
      .preset = "enforce", .choices = {"enforce", "shadow", "off"}}};
  Setting<Texts> unwatched{*this, "unwatched", {
      .help = "Accounts that are never suspended by themselves, such as the one that sends your newsletter: [\"news@example.jp\"].",
      .help_ja = "自動では停止しないアカウント。メールマガジンの送信用など([\"news@example.jp\"])。"}};
  Setting<Count> recipients{*this, "recipients", {
      .help = "Sudden volume: at least so many recipients within an hour, and times_usual.", .help_ja = "急な大量送信: 1 時間にこの宛先数以上で、かつ times_usual を満たすもの。", .preset = 200, .min = 1, .max = 1'000'000}};
  Setting<Count> times_usual{*this, "times_usual", {
      .help = "Sudden volume is also so many times the account's busiest hour of four weeks. Ten times both is enough by itself, for accounts known for a week.",
      .help_ja = "急な大量送信は、過去 4 週間で最も多かった 1 時間のこの倍数以上でもあること。1 週間以上使われているアカウントなら、両方の 10 倍に達すればそれだけで足りる。", .preset = 10, .min = 1, .max = 10'000}};
  Setting<Count> new_networks{*this, "new_networks", {
      .help = "New networks: it sends within a day from so many (/16, /32, providers) where it never was; one counts half. Those of policy.exempt_networks are never new.",
      .help_ja = "新しいネットワーク: 1 日に、これまで使ったことのないネットワーク(/16、/32、事業者)をこの数以上使って送信した。1 つなら半分に数える。policy.exempt_networks は数えない。", .preset = 3, .min = 1, .max = 14}};
  Setting<Text> country_database{*this, "country_database", {
      .help = "New countries: a database of countries in MaxMind's format (.mmdb), such as GeoLite2-Country or DB-IP lite, that you keep up to date; it is read again when the file changes. A login or mail from a country where the account never was counts as much as new_networks do. Empty: countries are not looked at.",
      .help_ja = "新しい国: MaxMind 形式(.mmdb)の国のデータベース。GeoLite2-Country や DB-IP lite などを用意し、更新を続ける。ファイルが変わると読み直す。アカウントが使われたことのない国からのログインや送信は new_networks と同じ重みで数える。空なら国は見ない。",
      .preset = ""}};
  Setting<Count> refused{*this, "refused", {
      .help = "Refused recipients: so many within a day, here as unknown or by other servers for good (5xx), and a quarter of all.",
      .help_ja = "宛先の拒否: 1 日にこの数以上(このサーバでの不明な宛先と、他サーバによる 5xx の合計)、かつ全宛先の 4 分の 1 以上。", .preset = 50, .min = 1, .max = 1'000'000}};
};

}  // namespace hikyaku::settings
