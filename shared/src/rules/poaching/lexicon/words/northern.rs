//! Polish, Swedish, Danish and Norwegian.

use crate::rules::poaching::concept::*;

pub(super) const WORDS: &[(Concepts, &str)] = &[
    (ME, "mnie mną ze_mną nam nami nas mig mej meg oss os"),
    (MY, "mój moja moje mojego mojej moim mojemu nasz* min mitt mina mit mine vår vårt vores"),
    (YOUR, "twój twoja twoje twojego twojej twoim swój swoje swojego swoją panstwa din ditt dina dit dine"),
    (YOU, "ciebie tobie tobą pan pani panu panią panem wam  du dig deg dere dem_er opiekun* hundvakt* kattvakt* passer*"),
    (I, "jag jeg vi my ja"),
    (WE, "my vi możemy możemy_się  "),
    (CONTACT, "dzwoń dzwonić zadzwoń zadzwoni* zadzwonię dzwonię napisz napiszę napisać napiszcie pisz pisać piszcie odpisz odpisz*
        odezwij* skontaktuj* kontaktuj* kontakt smsuj esemes* przedzwoń telefonować
        ringa ringer skriv skriva skriver skrive smsa messa kontakta kontakte sms:a maila mejla mejl kontakter"),
    (CONTACT | ME, "hör_av_dig hit_mig"),
    (TALK, "rozmawia* porozmawia* pogada* gada* dogada* omówi* prata pratar snacka snakke snakk tala tale höras"),
    (MOVE, "przejdźmy przejdz* przenieśmy przenies* kontynuuj* flytta flytter fortsätt* fortsätta fortsett* fortsæt* köra kör
        zróbmy zrobić zrobimy załatw* ta tar lösa løse ordna ordne klare"),
    (PAY, "zapłac* zapłać zapłacę zapłata płac* płać płacić płacę przele* przelać opłacić rozlicz* rozliczmy
        betala betalar betaler betale betalning betaling betalt swish* swisha swishar vipps* vippse"),
    (PURSE, "blik blikiem blika swish swisha swishar swishnummer vipps vippse vippser mobilepay przelewem przelew przelewu numer_konta
        numer_rachunku konto_bankowe kontonummer bankkonto clearingnummer"),
    (BOOK, "umów* umówmy umówić umówimy zatrudni* zarezerw* wynaj* współprac* pracow* pracuj* dogadajmy dogadać dogadamy
        boka bokar anlita anlitar anställ* ansette ansette* hyra hyr avtala avtale jobba jobbar jobbe jobber arbete arbeta arbejde
        booke bestille ansæt* ansætte leje"),
    (SERVE, "opiek* wyprowadz* spacer* passa passar passe rasta lufte gå_ut"),
    (DIRECT, "bezpośrednio bezposredn* osobiście direkte personligen personligt personlig"),
    (0, "bezpośredni_autobus bezpośredni_pociąg bezpośredni_lot"),
    (PRIVATELY, "prywatnie prywatny_układ privat på_privaten"),
    (OUT, "poza omijaj* omijać omijając omiń ominąć omińmy zamiast pomiń pomijając utanför utan utenfor uten uden udenfor udenom istället i_stället
        istedet i_stedet i_stedet_for utenom förbi slipper slippa slippe"),
    (FAR_OUT | OUT, "poza utanför utenfor udenfor udenom utenom"),
    (WITHOUT | OUT, "bez omijając ominąć pomijając utan uten uden kringgå"),
    (IN, "przez genom gjennom gennem via inne i"),
    (INSIDE_APP, "i_appen w_aplikacji przez_aplikację via_appen genom_appen gjennom_appen"),
    (APP, "aplikacj* aplikacją apka apki apkę apce appen appar platformen plattformen portal portalu portalem serwis*
        sajten siden nettstedet"),
    (AGENCY, "agencj* pośredni* pośrednika biuro biura firma firmy firmą byrå byrån byrået bureauet firmaet firman företaget
        förmedling* mellanhand* mellanhänder mellemmand mellommann formidl* kontoret"),
    (FEE, "prowizj* opłat* opłata opłaty avgift avgiften avgifter gebyr gebyret gebyrer provision provisionen kommission"),
    (SAVE, "bez unikn* unikać zaoszczędz* oszczędz* oszczędzić slipper slippa slippe spara sparar spare sparer utan uten uden"),
    (CASH, "gotówk* gotówka gotówce gotówką kontant kontanter kontanten"),
    (IN_CASH | CASH, "gotówką w_gotówce do_ręki i_kontanter med_kontanter kontant_i_handen"),
    (HAND, "do_ręki w_kopercie do_rączki i_handen i_hånden i_hånda kuvert kuvertet"),
    (NUMBER, "numer numeru numerem numery telefonu komórk* nummer nummeret numret mobilnummer telefonnumret telefonnummer"),
    (GIVE, "daj dasz dać podaj podasz podać podam wyślij prześlij wyślę masz macie wymień* zostaw zostawię zapisz mam 
        ge ger giv giver gi skicka skickar byta byt bytte har får       hva_er hvad_er"),
    (HAVE, "masz macie używasz    "),
    (CHEAP, "taniej tańsz* mniej zniżk* rabat billigare billigere billigt rabatt mindre"),
    (NOT, "nie nigdy inte ikke aldrig aldri"),
    (0, "ska_vi_inte  kan_vi_ikke skal_vi_ikke czy_nie może_nie"),
    (SIDE, "na_lewo na_czarno pod_stołem svart vid_sidan vid_sidan_om ved_siden_af ved_siden_av under_bordet sort_betaling på_egen_hånd"),
    (OURSELVES | SECRET, "między_nami mellan_oss mellem_os mellom_oss oss_emellan"),
    (KNOW, "wie wiedzieć dowie dowiedzą wiedzą vet veta ved vite vide"),
    (SECRET, "nie_mów nikomu_nie_mów säg_inget säg_inte si_ikke_noe sig_ikke"),
    (NO_NEED, "nie_trzeba po_co nie_potrzebujemy behöver_inte behover_vi_inte trenger_ikke behøver_ikke varför_gå"),
    (VIA | ON, "przez via på na"),
    (LATER, "następnym_razem od_teraz nästa_gång framöver neste_gang næste_gang fremover"),
    (WOULD, "może czy możemy mógłbyś mogłabyś chętnie skulle    kunne"),
    (SUITS, "szybciej łatwiej wygodniej lepiej enklare lättare smidigare enklere lettere nemmere bäst best"),
    (ADD, "dodaj szukaj znajdź znajdziesz znajdziecie obserwuj hitta hittar finn finder følg följ lägg_till sök"),
    (AT, "małpa malpka snabel snabela snabel_a alfakrøll krøllalfa"),
    (DOT, "kropka prick punktum"),
    (MAILBOX, "onet interia telia wp_pl o2_pl hotmail_se"),
    (EMAIL, "mejl mejla mail e-post epost mailen poczta"),
    (TLD, "pl dk"),
    (VAGUE_TLD, "se no fi"),
    (PHONE, "zadzwoń dzwoń dzwonić telefon tel numer ringa ring mobil mobilen nummer"),
    (REFERENCE, "czipa chipa faktur* zamówieni* paszport rezerwacj* chipnumret ordernummer faktura bokningsnummer ordre*"),
    (CODE, "kod hasło koden lösenord portkod portkoden kodeord"),
    (STREET, "ul ulica os osiedle al aleja vägen gatan gata vej gade gate"),
    (OTHERS, "weterynarz* weterynarza veterinär* veterinären dyrlæge* dyrlege*"),
    (TRANSFER, "przelew przelewem przelej przelać överför överföring overfør overførsel"),
    (MONEY, "pieniądze kasa kasę pengar pengarna penge penger"),
    (CURRENCY, "zł złotych kr kronor kroner pln sek dkk nok"),
];
