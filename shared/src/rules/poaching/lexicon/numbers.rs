//! Number words.

use super::{DOUBLE, HUNDRED, PLURAL, SOUNDS, TRIPLE};

/// From 0 on, in English, German, Spanish, French, Portuguese, Italian, Dutch, Swedish, Danish and Norwegian, Polish, Russian,
/// Ukrainian, Turkish, Romanian, Czech, Finnish, Greek, Arabic, Indonesian, Hindi; spellings of one
/// number are parted by a slash, and a dash stands for a word that means too much else.
const UNITS: &[&str] = &[
    "zero/oh/nought/naught/nil one two three four five six seven eight nine/niner ten eleven twelve thirteen \
     fourteen fifteen sixteen seventeen eighteen nineteen",
    "null eins/ein/eine zwei/zwo drei vier fünf/fuenf sechs sieben acht neun zehn elf zwölf/zwoelf dreizehn vierzehn \
     fünfzehn/fuenfzehn sechzehn siebzehn achtzehn neunzehn",
    "cero uno/un/una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete \
     dieciocho diecinueve",
    "zéro un/une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
    "zero um/uma dois/duas três quatro cinco seis/meia sete oito nove dez onze doze treze quatorze/catorze quinze \
     dezesseis/dezasseis dezessete/dezassete dezoito dezenove/dezanove",
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici \
     diciassette diciotto diciannove",
    "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien \
     achttien negentien",
    "noll ett två/tva tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton",
    "nul/null - - tre fire fem seks syv/sju otte/åtte - - elleve/elve tolv tretten fjorten femten seksten sytten/sytten \
     atten nitten",
    "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście trzynaście czternaście \
     piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście",
    "ноль/нуль один/раз два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать \
     пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
    "нуль - два три чотири п'ять/пять шість сім вісім дев'ять/девять",
    "sıfır bir iki üç dört beş altı yedi sekiz dokuz - onbir oniki onüç ondört onbeş onaltı onyedi onsekiz ondokuz",
    "zero unu/unul doi/două trei patru cinci șase șapte opt nouă zece unsprezece doisprezece treisprezece paisprezece \
     cincisprezece șaisprezece șaptesprezece optsprezece nouăsprezece",
    "nula jedna/jeden dva/dvě tři čtyři - šest sedm osm devět deset jedenáct dvanáct třináct čtrnáct patnáct šestnáct \
     sedmnáct osmnáct devatenáct",
    "nolla yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen",
    "μηδέν - δύο/δυο τρία τέσσερα πέντε έξι επτά/εφτά οκτώ/οχτώ εννέα/εννιά δέκα",
    "صفر واحد اثنان/اثنين ثلاثة/ثلاث أربعة/اربعة/اربع خمسة/خمس ستة/ست سبعة/سبع ثمانية/ثمان تسعة/تسع عشرة",
    "nol/kosong satu dua tiga empat lima enam tujuh delapan sembilan sepuluh",
    "shunya/शून्य ek/एक दो teen/तीन char/चार paanch/पांच chhah/chhe/छह saat/सात aath/आठ nau/नौ",
];

/// From 20 on.
const TENS: &[&str] = &[
    "twenty thirty forty/fourty fifty sixty seventy eighty ninety",
    "zwanzig dreißig/dreissig vierzig fünfzig/fuenfzig sechzig siebzig achtzig neunzig",
    "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "vingt/vingts trente quarante cinquante soixante septante huitante/octante nonante",
    "vinte trinta quarenta cinquenta/cinqüenta sessenta setenta oitenta noventa",
    "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    "tjugo trettio fyrtio femtio sextio sjuttio åttio nittio",
    "tyve tredive/tretti fyrre/førti halvtreds/femti tres/seksti halvfjerds/sytti firs/åtti halvfems/nitti",
    "dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt dziewięćdziesiąt",
    "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
    "yirmi otuz kırk elli altmış yetmiş seksen doksan",
    "douăzeci treizeci patruzeci cincizeci șaizeci șaptezeci optzeci nouăzeci",
    "dvacet třicet čtyřicet padesát šedesát sedmdesát osmdesát devadesát",
];

/// From 200 on, in the languages that have a word for each.
const HUNDREDS: &[&str] = &[
    "doscientos/doscientas trescientos/trescientas cuatrocientos quinientos seiscientos setecientos ochocientos novecientos",
    "duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos",
    "duecento trecento quattrocento cinquecento seicento settecento ottocento novecento",
    "dwieście trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset",
    "двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот",
    "zweihundert dreihundert vierhundert fünfhundert sechshundert siebenhundert achthundert neunhundert",
    "tweehonderd driehonderd vierhonderd vijfhonderd zeshonderd zevenhonderd achthonderd negenhonderd",
];

const OTHERS: &[(i16, &str)] = &[
    (HUNDRED, "hundred hundert cien ciento cent cem cento honderd hundra сто yüz suta hundrede"),
    (DOUBLE, "double doppel doppelte doble doppio dobro dubbel doppelt twice zweimal tweemaal"),
    (TRIPLE, "triple treble dreifach triplo tripel thrice dreimal driemaal"),
    (4000, "quadruple quad viermal vierfach"),
    (5000, "quintuple fünfmal"),
];

/// Several of one digit, from zero on: three fives, trzy piątki.
const PLURALS: &[&str] = &[
    "zeros/zeroes/ohs ones twos threes fours fives sixes sevens eights nines",
    "nullen einsen zweien/zweier dreien/dreier vieren/vierer fünfen/fünfer sechsen/sechser siebenen/siebener achten/achter \
     neunen/neuner",
    "ceros unos doses treses cuatros cincos seises sietes ochos nueves",
    "zéros - - - - - - - - -",
    "- uns - - quatros cincos - setes oitos noves",
    "zeri - - - - - - - - -",
    "- enen tweeën drieën vieren vijven zessen zevens achten negens",
    "nollor ettor tvåor treor fyror femmor sexor sjuor åttor nior",
    "zera/zer jedynki/jedynek dwójki/dwójek trójki/trójek czwórki/czwórek piątki/piątek szóstki/szóstek siódemki/siódemek \
     ósemki/ósemek dziewiątki/dziewiątek",
    "нуля/нулей/ноля единицы/единиц двойки/двоек тройки/троек четверки/четверок/четвёрки пятерки/пятерок/пятёрки \
     шестерки/шестерок/шестёрки семерки/семерок/семёрки восьмерки/восьмерок/восьмёрки девятки/девяток",
];

/// Words that sound like a digit.
const SOUND_ALIKES: &str =
    "- won/wun to/too/tu tree/free for/fore foive/fife/fiv sicks/siks/sex sevin/sebben ate/ait niner/nein/nien";

/// Calls with each number word and its number.
pub(super) fn each(mut learn: impl FnMut(&str, i16)) {
    for language in UNITS {
        each_word(language, 0, 1, &mut learn);
    }
    for language in TENS {
        each_word(language, 20, 10, &mut learn);
    }
    for language in HUNDREDS {
        each_word(language, 200, 100, &mut learn);
    }
    for (number, words) in OTHERS {
        words.split_ascii_whitespace().for_each(|word| learn(word, *number));
    }
    for language in PLURALS {
        each_word(language, PLURAL, 1, &mut learn);
    }
    each_word(SOUND_ALIKES, SOUNDS, 1, &mut learn);
    // One word for ten and unit: fünfunddreißig, vijfendertig, trentacinque, ventuno, veinticinco.
    each_word(TENS[1], 20, 10, &mut |tens, ten| {
        each_word(UNITS[1], 0, 1, &mut |unit, one| {
            if (1..10).contains(&one) {
                learn(&format!("{unit}und{tens}"), ten + one);
            }
        });
    });
    each_word(TENS[6], 20, 10, &mut |tens, ten| {
        each_word(UNITS[6], 0, 1, &mut |unit, one| {
            if (1..10).contains(&one) {
                learn(&format!("{unit}en{tens}"), ten + one);
            }
        });
    });
    each_word(TENS[5], 20, 10, &mut |tens, ten| {
        each_word(UNITS[5], 0, 1, &mut |unit, one| {
            let stem = if matches!(one, 1 | 8) { &tens[..tens.len() - 1] } else { tens };
            if (1..10).contains(&one) {
                learn(&format!("{stem}{unit}"), ten + one);
            }
        });
    });
    each_word(UNITS[2], 0, 1, &mut |unit, one| {
        if (1..10).contains(&one) {
            learn(&format!("veinti{unit}"), 20 + one);
        }
    });
}

fn each_word(language: &str, first: i16, step: i16, learn: &mut impl FnMut(&str, i16)) {
    for (number, words) in (first..).step_by(step as usize).zip(language.split_ascii_whitespace()) {
        words.split('/').filter(|word| *word != "-").for_each(|word| learn(word, number));
    }
}
