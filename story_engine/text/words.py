"""English words that everybody knows: those that say little of a story by themselves, common names, a child's first words."""

from __future__ import annotations

from collections.abc import Iterator

from story_engine.text.verbs import BASES, PASTS

# Words that bind others, and the furniture of every story: whether they come back says nothing of an opening.
FUNCTION_WORDS = frozenset(
    """
    a about above after again against all almost along already also although always am an and another any anybody anyone
    anything are around as asked at away back be became because been before began behind being below beside best better
    between big both but by called came can cannot come could day days did do does doing done down during each either else
    end even ever every everybody everyone everything far few first for from full gave get gets getting give go goes going
    gone good got great had has have having he hello her here hers herself high him himself his how however i if in inside
    instead into is it its itself just keep kept kind knew know knows last later left let like liked little long looked
    looking lot made make makes making many may maybe me mine more most much must my myself named near never new next nice
    no nobody none not nothing now of off often oh ok okay old on once one only onto or other others our ours out outside
    over own part perhaps please put quite rather really right said same saw say says see seen shall she should since small
    so some somebody someone something sometimes soon still such sure take takes tell than that the their them themselves
    then there these they thing things this those though through time to today together told too took towards tried tries
    try turned two umm under until up upon us used very want wanted wants was way we well went were what when whenever where
    whether which while who whole whom whose why will with within without would yes yesterday yet you your yours
    """.split()
)

# Words that a sentence of a children's story often begins with: a capital makes no name of them.
SENTENCE_WORDS = frozenset(
    """
    across act add afterwards age ago ah aha ahead ahoy aim air alarm alas alive alone aloud amazing among ant anyway apart
    apple april arm art ask august aunt auntie autumn awesome baby bad bag bake bakery ball bang bark bat beach bear beat
    beautiful bed bee beep bees believe bell bend berries bird bit bite bless blow blue boat boo book boom born boss bow box
    boy boys branch brave bravo bread break bridge bright bring brother brown bubbles build bunny burn bus busy butter
    butterfly button buy bye cake call calm camp candy captain car care careful carrots castle cat catch cave chair change
    cheer cheese chew chicken child children christmas circle city clap class clean click climb close cloud clouds clown
    coach coat cold congratulations cook cookies cool corn count couple cousin cows crab crack crash cream creatures cry
    curious daddy dance danger dare dark date dead dear december deep deer delicious dinner dirt dive doctor dog dont door
    dr dragon dream dress drink drip drive drop drums duck dust ears earth east easter eat egg eight elephant eleven elf
    empty engine english enjoy enough enter evening eventually everyday everywhere evil exactly excited excuse eyes face
    fact fair fairy fall family farmer fast father fear february feel feet fifteen fifty final finally find fine finish fire
    fish five flash flies float flowers fly follow food foolish foot forest forever forget forty four fox fresh friday
    friend friends frog front frost fruit fun funny game garden gather gently ghost giant gift girl girls glad goat god gold
    goodbye goodnight grab grandfather grandma grandmother grandpa granny grass gray green grey ground grow grumpy guards
    guess guest ha haha half hall halloween hands happily happy hard hat head hear heart heavy hedgehog help hens hey hi
    hide hill hit hm hmm hold hole home honey hooray hop hope horn horse hospital hot house huge huh humans hundred hunger
    hungry hurray hurry hush ice idea ill im imagine immediately island jam january jar jazz jewels join joke journey juice
    july jump jungle keeper key keys kick kids king kiss kite kittens knight knock knowing lady lake lamp land large laser
    late laugh lead leaf learn leave leaves legs lemon lets letter library lie life lift light lightning lion lions listen
    lives lock look lookout lord loss lost lots loud love lovely low luck luckily lucky lunch machine magic mail mama man
    map march market marks meanwhile meat meet men meow mermaid mice milk mind mirror miss mist mister mom moment momma
    mommy monday money monster months moo moon moral morning mother mountain mouse mouth move mr mrs ms mud mum mummy music
    names nan nana nature needless neighbors neither nest night nine noise noon nor north nose note november number nuts oak
    ocean october octopus offer oops open orange orders ouch outdoor oven ow owl pack page paint pan papa paper pardon
    parents park party pass past path paw pay peace pear pen penguin penguins people pepper pet pets pick picture pie pig
    piglet pigs pink pip pirate places plan plant plate play pluck point police pond poor porridge post pot pour power
    prepare presents press pretty prince princess problem professor promise proud pull puppy purple push quack quarter queen
    question quick quickly quiet quietly rabbit rain rainbow raise rats reach read ready realizing red remember rest ribbit
    rich ride ring rise river road roar robot rock rocks roll room rope roses rub rule run sad sadly safe sail sailor
    sailors salt sand sandy santa saturday save school sea seals second seeds seeing sell send september set seven shadow
    shadows shake shame share sharing shh ship ships shoes shop short shout show shut sick side sign silence silly silver
    simple sing singing sir sister sit six size skip sleep slip slow slowly smell smells smile smoke snacks sniff snow soft
    soldiers sometime song sorry sort sound soup south spark spell spider spin spirit splash spring squirrel stairs stand
    star start stay steam step stick stone stones stop store stories storm story strange stranger street stretch string
    strong stuck student students suddenly sugar summer sun sunday sunny super surely surprise surprised swans sweet swim
    sword table tail taking talk tall tap taste tea teacher team teeth ten thank thankful thanks thick thin think thinking
    third thirty three throw thud thunder thursday ticket tie tiger tigers tight tiny tired tock toe tomorrow tonight top
    torch tortoise touch tower town toy toys track tractor train travel treasure tree trees trick trip troll trouble truck
    trucks true trust tuesday tummy tv tune turn turtle turtles twelve twenty twin twins ugh uh umbrella uncle unfortunately
    unless upset use usually van village violin voice vroom wait wake walk wall war warm wash watch water wave weather
    wednesday weeks welcome west wet whales whee wheel whistle white whoa whoosh wide wife wild win wind window wings winter
    wipe wise wish wizard wolf woman women wonder wonderful wood woods woof word words work worse wow write wrong yard yay
    yeah year years yellow yep yippee young yuck yum yummy zero zip zoo zoom
    """.split()
)

# Given names that a new person of a children's story has. They are spelt right, whoever they are.
COMMON_NAMES = frozenset(
    """
    abby abigail adam al alan albert alex alexander alfie alice alicia allie amanda amber amelia amy ana andrew andy angela
    ann anna anne annie anthony arthur ash ava barbara barney barry becky bella ben benjamin benny bert beth betsy betty
    bill billy bob bobby bonnie brad brandon brian bruno buddy caleb callie cara carl carla carlos carly carol caroline
    cathy charles charlie charlotte chloe chris cindy claire clara cleo coco cora daisy dan dana daniel danny dave david
    dean debbie dennis diana dina dolly don donna dora dory dot dylan ed eddie edward eleanor elena eli eliza elizabeth ella
    ellen ellie elsa elsie emily emma emmy eric erin eva evan eve felix fido finn fiona flo flora fluffy fran frank frankie
    fred freddie freddy frida gabby gary gemma george gina ginger gloria grace greg greta gus hailey hanna hannah harold
    harry harvey hazel heidi helen henry holly hugo ian ida ina iris isaac isabel isabella ivan ivy jack jackie jacob jade
    jake james jamie jane janet jasmine jason jay jean jeff jen jenna jenny jeremy jerry jess jessica jessie jill jim jimmy
    joan joe joey john johnny jon jonah jonas joseph josh joshua joy judy julia julian julie june karen kate katie katy
    kelly ken kenny kevin kiki kim kitty kyle lara larry laura lauren layla lea leah lee lena lenny leo leon lexi lia liam
    lila lilly lily lina linda lisa liz lizzie lizzy lola lori lou louie louis louise luca lucas lucy luis luke lulu luna
    lydia lyla maddie maggie mandy marcus maria marie mark marla martha martin marty mary matt matthew max maya meg megan
    mel melissa mia michael michelle mike mila miles millie milly milo mimi mina minnie mittens mitzi moe molly monica
    morgan nancy nate nathan ned nell nellie nelly nemo niall nick nicky nina noah noel nora norman olive oliver olivia
    ollie oscar otis otto owen pam pat patrick patty paul paula peggy penelope penny pete peter phil philip pia pippa polly
    poppy rachel ralph ray rebecca remy rex rick ricky rita rob robbie robert robin roger ron rory rosa rose rosie ross roy
    ruby rudy rufus ruth ryan sadie sally sam samantha sammy samuel sandra sara sarah scott sean shane sid simon sky sofia
    sonia sonny sophia sophie spike spot stan stella steve steven sue susan susie suzy sylvia tara ted teddy teresa terry
    theo thomas tia tilly tim timmy timothy tina toby todd tom tommy tony tracy trevor tyler uma vera vicky victor victoria
    vivian wally walter wanda wendy wes william willow willy winnie yara zach zack zara zoe
    """.split()
)

ORDINARY = FUNCTION_WORDS | SENTENCE_WORDS | COMMON_NAMES

# Other words that a child of six knows; "didn" is what stands before the apostrophe of "didn't".
EASY_WORDS = frozenset(
    """
    ain aren couldn didn doesn don hadn hasn haven isn shouldn wasn weren won wouldn
    able adventure afraid airport alone angel angry animal anymore arrow asleep backyard balloon banana band barn barrel
    baseball basket bath bathroom bathtub beach beak bean bedroom bench berry best bicycle bike birthday black blanket block
    board body bone boots bottle bottom bowl brave breakfast breath brick bubble bucket bug bulb bush cactus cage camera
    card carpet carrot cart caterpillar cereal cheerful cherry chimney chocolate church circle classroom clay clean clever
    clock cloth clothes cloud coffee collar color cookie cozy crayon crib crown cup cute dad daddy daughter desk different
    dinosaur dirty doll dolphin downstairs drum dry dull early easy end fake fancy farm favorite feather fence field finger
    floor fluffy football fork frame free fridge front fur furry garage gate giraffe glad glass glove goose grandpa hair
    haircut half happy helmet helpful hero hive hour hug hungry important inside island jacket jeep jellyfish jewel jolly
    kangaroo kind kindness kitchen kitten knee knife late lazy leash lemonade lesson line lizard loud mad magical mailbox
    mask mean medal mess message messy metal middle might mint minute mommy monkey moon movie muffin mum museum mushroom
    nail name naughty nearby neck necklace neighbor newspaper nice number ocean onion otter outside package pain pants pasta
    peaceful peanut pencil perfect person picnic piece pile pillow pizza place plane plastic pocket pole pool popcorn potato
    pretty prize puddle puzzle raft rain ranch ready real rice rocket roof rough round rude sack sad sandbox sandcastle
    sandwich sauce scarf scary scissors scooter sea seat secret shape shark sharp sheep sheet shelf shell shiny shirt shoe
    shoes shore side skin skirt sky sleepy smart snack snake sneaker snow snowman soap sock soldier somewhere son sour space
    spaghetti sparkly special spicy spoon spray square stage star sticker stove strawberry stupid sun sunshine sure swan
    tape terrible test thief thirsty thumb tomato tooth top tough towel trash trunk tube turkey ugly upstairs vegetable
    video weak week weird wet wing witch world worm worse yourself
    """.split()
)

FAMILIAR = ORDINARY | EASY_WORDS | BASES | frozenset(PASTS.values())
# Regular endings, and what a word may have had in their place.
_ENDINGS = (
    *(("s", ("", "e")), ("es", ("",)), ("ed", ("", "e")), ("ing", ("", "e")), ("er", ("", "e")), ("est", ("", "e"))),
    *(("ly", ("", "le")), ("y", ("", "e")), ("ies", ("y",)), ("ied", ("y",)), ("ier", ("y",)), ("iest", ("y",))),
    *(("ily", ("y",)), ("en", ("", "e"))),
)


def is_familiar(word: str) -> bool:
    """Whether a word in small letters, or what it is a regular form of, is one that a young child knows."""
    return any(base in FAMILIAR for base in _find_bases(word))


def _find_bases(word: str) -> Iterator[str]:
    yield word
    for ending, endings in _ENDINGS:
        root = word.removesuffix(ending)
        if root != word and len(root) > 1:
            yield from (root + other for other in endings)
            if len(root) > 2 and root[-1] == root[-2]:
                yield root[:-1]
